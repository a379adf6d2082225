"""Parsed JSON read field by field, each of the type that is asked for; what is wrong is named with its file."""

from collections.abc import Iterator, Mapping

from musl_audit.errors import PolicyError
from musl_audit.model import MuslVersion


class Fields:
    """One object of a policy file; every method raises ``PolicyError``, with the file's name, for a wrong field."""

    __slots__ = ("_values", "where")

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, dict):
            raise PolicyError(f"{where}: an object was expected")
        self._values: dict[str, object] = value
        self.where = where

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def only(self, *keys: str) -> "Fields":
        """Return self; refuse keys other than these, so that a misspelt one is not silently ignored."""
        unknown = self._values.keys() - set(keys)
        if unknown:
            raise PolicyError(f"{self.where}: unknown field {min(unknown)!r}")
        return self

    def text(self, key: str) -> str:
        """Return the text at *key*."""
        value = self._values.get(key)
        if not isinstance(value, str):
            raise self._wrong(key, "text")
        return value

    def optional_text(self, key: str) -> str | None:
        """Return the text at *key*, None where the field is absent or null."""
        return None if self._values.get(key) is None else self.text(key)

    def number(self, key: str) -> int:
        """Return the whole number at *key*."""
        value = self._values.get(key)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._wrong(key, "a whole number")
        return value

    def optional_number(self, key: str) -> int | None:
        """Return the whole number at *key*, None where the field is absent or null."""
        return None if self._values.get(key) is None else self.number(key)

    def flag(self, key: str) -> bool:
        """Return the truth value at *key*."""
        value = self._values.get(key)
        if not isinstance(value, bool):
            raise self._wrong(key, "true or false")
        return value

    def texts(self, key: str) -> list[str]:
        """Return the list of strings at *key*, empty where the field is absent; refuse one that repeats itself."""
        value = self._values.get(key, [])
        if not isinstance(value, list) or not set(map(type, value)) <= {str}:
            raise self._wrong(key, "a list of texts")
        if len(set(value)) != len(value):
            raise PolicyError(f"{self.where}: {key!r} names something twice")
        return value

    def names(self, key: str) -> list[str]:
        """Return the names at *key*: a list of texts, or the keys of an object that gives a reason for each."""
        return list(self.mapping(key)) if isinstance(self._values.get(key), dict) else self.texts(key)

    def mapping(self, key: str) -> Mapping[str, str]:
        """Return the object of strings at *key*, empty where the field is absent."""
        value = self._values.get(key, {})
        if not isinstance(value, dict) or not set(map(type, value.values())) <= {str}:
            raise self._wrong(key, "an object of texts")
        return value

    def table(self, key: str) -> "Fields":
        """Return the object at *key*, an empty one where the field is absent."""
        return Fields(self._values.get(key, {}), f"{self.where}: {key}")

    def rows(self, key: str) -> list["Fields"]:
        """Return the list of objects at *key*, empty where the field is absent."""
        value = self._values.get(key, [])
        if not isinstance(value, list):
            raise self._wrong(key, "a list")
        return [Fields(row, f"{self.where}: {key}") for row in value]

    def release(self, key: str) -> MuslVersion:
        """Return the musl release at *key*."""
        try:
            return MuslVersion.parse(self.text(key))
        except ValueError as error:
            raise PolicyError(f"{self.where}: {error}") from error

    def _wrong(self, key: str, wanted: str) -> PolicyError:
        found = "is missing" if key not in self._values else f"is {self._values[key]!r:.60}"
        return PolicyError(f"{self.where}: {key!r} {found}; {wanted} was expected")
