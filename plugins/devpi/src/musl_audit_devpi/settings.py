"""What an index asks of its wheels, out of its configuration."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from musl_audit import Catalog, MuslAuditError, Settings, Severity, UsageError, examine

PREFIX = "musl_audit_"
NEVER = "never"
_WORDS = {"refuse": False, "allow": True}


def defaults() -> dict[str, object]:
    """Return the keys that an index has, as devpi shows them, with their defaults; their types are those of values."""
    return {
        f"{PREFIX}floor": "",
        f"{PREFIX}fail_on": "error",
        f"{PREFIX}ignore": [],
        f"{PREFIX}warn_only": False,
        f"{PREFIX}unjudgeable": "refuse",
    }


@dataclass(frozen=True)
class GateSettings:
    """The settings of an index: those of the judge, and what becomes of what it refuses."""

    settings: Settings
    warns_only: bool
    admits_unjudgeable: bool


def read_settings(config: Mapping[str, object], catalog: Catalog) -> GateSettings:
    """
    Return what the configuration of an index asks.

    Raise ``UsageError`` with a line that names the key where a value means nothing. Keys that are not there, as in an
    index that is older than this plug-in, have their defaults.
    """
    values = {**defaults(), **{key: value for key, value in config.items() if key.startswith(PREFIX)}}
    floor, ignore = values[f"{PREFIX}floor"], values[f"{PREFIX}ignore"]
    if not isinstance(floor, str):
        raise UsageError(f"{PREFIX}floor: a text is wanted, not {floor!r}")
    if not isinstance(ignore, list | tuple):
        raise UsageError(f"{PREFIX}ignore: a list of codes is wanted, not {ignore!r}")
    settings = _settings(floor, _severity(values[f"{PREFIX}fail_on"]), tuple(map(str, ignore)), catalog)
    return GateSettings(settings, _flag(values[f"{PREFIX}warn_only"]), _admits(values[f"{PREFIX}unjudgeable"]))


def _settings(floor: str, fail_on: Severity | None, ignore: tuple[str, ...], catalog: Catalog) -> Settings:
    try:
        codes = Settings(ignore=ignore)
    except UsageError as error:
        raise UsageError(f"{PREFIX}ignore: {str(error).removeprefix('Settings: ')}") from error
    try:
        source = f"{PREFIX}floor={floor}" if floor else "policy"
        settings = Settings(floor=floor or None, floor_source=source, fail_on=fail_on, ignore=codes.ignore)
        list(examine([], settings, catalog=catalog))  # names a floor that the policies do not have
    except UsageError as error:
        raise UsageError(f"{PREFIX}floor: {str(error).removeprefix('--floor: ')}") from error
    return settings


def _severity(value: object) -> Severity | None:
    words = [severity.value for severity in Severity]
    if value == NEVER:
        return None
    if value not in words:
        raise UsageError(f"{PREFIX}fail_on: {value!r} is none of {', '.join([*words, NEVER])}")
    return Severity(str(value))


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise UsageError(f"{PREFIX}warn_only: {value!r} is neither true nor false")
    return value


def _admits(value: object) -> bool:
    if not isinstance(value, str) or value not in _WORDS:
        raise UsageError(f"{PREFIX}unjudgeable: {value!r} is none of {', '.join(_WORDS)}")
    return _WORDS[value]


def faults(indexes: Iterator[tuple[str, Mapping[str, object]]], catalog: Catalog) -> Iterator[str]:
    """Yield a line for each index, of (name, configuration), whose settings mean nothing."""
    for name, config in indexes:
        try:
            read_settings(config, catalog)
        except MuslAuditError as error:
            yield f"{name}: {error}"
