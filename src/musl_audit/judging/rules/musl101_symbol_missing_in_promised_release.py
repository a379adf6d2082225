"""
A file needs a symbol that some promised musl release does not export.

musl has no symbol versions: a symbol is there or it is not. The loader refuses a file with a strong reference
that nobody satisfies (``Error relocating FILE: NAME: symbol not found``), so the import fails. Symbols come
(``qsort_r`` in 1.2.3, ``statx`` in 1.2.5), go, and some are missing for a while: on 32-bit, ``__xstat`` is
absent from 1.2.0 to 1.2.3. The LFS64 names that left the symbol table in 1.2.4 are still resolved, so they
are no finding. A weak reference may stay unresolved, and one that no relocation refers to is never looked up.

``musl-audit repair`` adds a small library of its own that defines the function, where libc's can be told from
outside: it is used where libc has none, for libc's own comes first elsewhere. There are polyfills of ``gettid``,
``reallocarray``, ``tcgetwinsize``, ``tcsetwinsize`` (1.2.2), ``qsort_r``, ``pthread_getname_np`` (1.2.3), ``statx``,
``preadv2``, ``pwritev2`` (1.2.5), ``renameat2``, ``posix_getdents``, ``__getauxval`` (1.2.6) and of
``posix_fallocate64``, which 1.2.4 and 1.2.5 lost. There is none of ``_Fork`` (libc keeps the thread's id in structures
of its own, and ``fork`` runs the handlers that ``_Fork`` must not run), of ``__xstat`` and its kin (only code compiled
with glibc's headers calls them, with another ``struct stat``), and of the names of the 64-bit ``time_t`` (other
structures, not a missing function).

Otherwise build against the oldest musl that you promise, make the reference weak, or judge against the distributions
that are still supported with ``--floor supported``.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.impact import spell_presence
from musl_audit.judging.polyfills import BY_POLYFILL, why_not_added, with_reason
from musl_audit.judging.rules.base import Phrase, Rule, Uses, spell
from musl_audit.model import FromLibc, Releases, Severity, Statement

RULE = Rule(
    "MUSL101",
    "symbol-missing-in-promised-release",
    Severity.ERROR,
    "build without it or refer to it weakly; --floor supported judges against supported distributions only",
    phrase=Phrase("needs", "need", "{symbols}, which this musl lacks"),
    is_outgrown=True,
    here="it needs {symbols}, which this musl {musl} lacks",
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for all symbols that are missing on the same releases."""
    missing: dict[tuple[Releases, str | None], Uses] = {}
    for load, reference in context.references:
        if isinstance(reference.provider, FromLibc) and not reference.symbol.is_weak:
            fact = reference.provider.releases, why_not_added(reference, load, context)
            missing.setdefault(fact, Uses()).add(reference.symbol.name, reference.path)
    for (releases, why_not), uses in missing.items():
        yield RULE.states(
            f"{spell(uses.symbols)}: in musl {spell_presence(releases, context.releases)}",
            uses=uses,
            fails_on=context.known - releases,
            hint=with_reason(RULE.hint, why_not),
            fix=BY_POLYFILL if why_not is None else None,
        )
