"""What the user asks of the judge and of the gate; nothing that means nothing can be asked."""

import re
from collections.abc import Iterable

from musl_audit.errors import UsageError, did_you_mean
from musl_audit.frozen import frozen
from musl_audit.model import Severity

_FLOOR = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # a release, the id of a distribution, or a word


@frozen
class Settings:
    """
    The configuration file and the options together.

    ``judge`` reads ``floor``, ``floor_source`` and ``exclude``; the gate reads the others but ``config_file``, which is
    for reports. Raise ``UsageError`` for a text in place of a tuple, a code that is no rule's, and a floor that is
    neither a release, a distribution nor ``supported``. Which floors there are, the catalog knows: the judge says.
    """

    floor: str | None = None  # "1.2.4", "alpine-3.18" or "supported"
    floor_source: str = "policy"
    fail_on: Severity | None = Severity.ERROR  # None: never
    select: tuple[str, ...] = ()  # prefixes of codes; empty: all
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()  # globs of sonames, or of the paths that they resolve to
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()  # (glob of members, prefixes of codes)
    config_file: str | None = None

    def __post_init__(self) -> None:
        for name in ("select", "ignore", "exclude"):
            _require_texts(name, getattr(self, name))
        for glob, prefixes in self.per_file_ignores:
            _require_texts("per_file_ignores", (glob,))
            _require_texts("per_file_ignores", prefixes)
        words = (*self.select, *self.ignore, *(code for _, codes in self.per_file_ignores for code in codes))
        for word, code in zip(words, codes(words, ""), strict=True):
            if word != code:
                raise UsageError(f"Settings: {word!r} is no code; {code} is")
        if self.floor is not None and not _FLOOR.fullmatch(self.floor):
            raise UsageError(f"unknown floor {self.floor!r}: a release such as 1.2.4, alpine-3.18, or supported")


def _require_texts(name: str, value: object) -> None:
    if not isinstance(value, tuple) or not all(isinstance(item, str) for item in value):
        raise UsageError(f"Settings.{name}: a tuple of texts is wanted, not {value!r}")


def codes(words: Iterable[str], where: str) -> tuple[str, ...]:
    """
    Return the codes, or beginnings of codes, that *words* mean: ``MUSL4``, ``musl401``, ``packed-relocations``.

    Raise ``UsageError`` with the nearest name for a word that means no rule; *where* is who said it.
    """
    words = tuple(words)
    if not words:
        return ()
    from musl_audit.judging.rules import all_rules

    by_name = {module.rule.name: module.rule.code for module in all_rules()}
    return tuple(_code(word, by_name, where) for word in words)


def _code(word: str, by_name: dict[str, str], where: str) -> str:
    code = by_name.get(word.lower(), word.upper())
    if not word or not any(known.startswith(code) for known in by_name.values()):
        near = did_you_mean(word, (*by_name.values(), *by_name))
        raise UsageError(f"{where}unknown code {word!r}{near} (`musl-audit rule` lists them)")
    return code
