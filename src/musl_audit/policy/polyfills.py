"""Which symbols that some musl lacks ``repair`` can add, and which it cannot, with the reason: ``polyfills.json``."""

from collections.abc import Iterable, Mapping
from functools import cached_property

from musl_audit.errors import PolicyError
from musl_audit.frozen import frozen
from musl_audit.model import MuslVersion
from musl_audit.policy.fields import Fields


@frozen
class Polyfill:
    """A symbol that a small library of ours defines, for the musl releases that lack it."""

    symbol: str
    library: str  # its file name up to the digest: "libmusl-polyfill-qsort_r"
    architectures: frozenset[str]  # those it is built for
    needless_since: MuslVersion | None = None  # the release from which on libc has it; None: no release
    limits: str = ""  # what it cannot do that libc's own does; empty: nothing


class Polyfills:
    """The answers of ``polyfills.json``, read when a symbol is missing somewhere."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields.only("$schema", "polyfills", "refused")

    @cached_property
    def by_symbol(self) -> Mapping[str, Polyfill]:
        """Every polyfill, by the symbol that it defines."""
        rows = [_polyfill(row) for row in self._fields.rows("polyfills")]
        found = {row.symbol: row for row in rows}
        if len(found) != len(rows):
            raise PolicyError(f"{self._fields.where}: a symbol has two polyfills")
        return found

    @cached_property
    def refused(self) -> Mapping[str, str]:
        """Symbols that have none although some musl has them → why not."""
        rows = self._fields.rows("refused")
        refused = {symbol: row.text("reason") for row in rows for symbol in row.texts("symbols")}
        if both := refused.keys() & self.by_symbol.keys():
            raise PolicyError(f"{self._fields.where}: {min(both)!r} has a polyfill and is refused")
        return refused

    def covers(self, symbols: Iterable[str], arch: str) -> bool:
        """Whether all of *symbols* can be added on *arch*."""
        return all(self.why_not(symbol, arch) is None for symbol in symbols)

    def why_not(self, symbol: str, arch: str) -> str | None:
        """Return why *symbol* cannot be added on *arch*, empty where nobody ever tried; None where it can."""
        polyfill = self.by_symbol.get(symbol)
        if polyfill is None:
            return self.refused.get(symbol, "")
        return None if arch in polyfill.architectures else f"it is not built for {arch}"


def _polyfill(fields: Fields) -> Polyfill:
    fields.only("symbol", "library", "architectures", "needless_since", "limits")
    return Polyfill(
        symbol=fields.text("symbol"),
        library=fields.text("library"),
        architectures=frozenset(fields.texts("architectures")),
        needless_since=None if fields.optional_text("needless_since") is None else fields.release("needless_since"),
        limits=fields.optional_text("limits") or "",
    )
