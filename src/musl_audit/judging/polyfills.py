"""Whether ``repair`` can add a symbol that a file refers to and some musl lacks; rules and repair agree."""

from musl_audit.judging.context import Context
from musl_audit.loader.linkage import Load, Reference
from musl_audit.model import Fix, FixKind

BY_POLYFILL = Fix(FixKind.ADD_POLYFILL, automatic=True, command="run `{repair}`")
_CALLED = ("notype", "func")  # the types of an undefined symbol that is called


def why_not_added(reference: Reference, load: Load, context: Context) -> str | None:
    """
    Return why no polyfill can satisfy *reference*; empty where there is just none, None where one can.

    A polyfill defines a function: a variable of the same name, or one for each thread, is something else.
    """
    symbol = reference.symbol
    why = context.catalog.polyfills.why_not(symbol.name, context.arch.name) if context.arch else ""
    if why is not None:
        return why
    thread_local = next(file.thread_local for file in load.files if file.path == reference.path)
    if symbol.type not in _CALLED or symbol.name in thread_local:
        return "the file takes for a variable what is a function in libc"
    return None


def with_reason(hint: str, why_not: str | None) -> str:
    """
    Return *hint* with the reason why repair adds nothing, if there is one.

    >>> with_reason("build without it", "it is not built for armv6l")
    'build without it; repair cannot add it: it is not built for armv6l'
    """
    return f"{hint}; repair cannot add it: {why_not}" if why_not else hint
