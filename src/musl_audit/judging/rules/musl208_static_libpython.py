"""
An extension module has Python's own code in it.

It was linked with a static ``libpython``, and defines the interpreter's API itself (``Py_Initialize``,
``PyEval_GetFrame`` …). Where the interpreter that imports it exports the same names, those win; where one does not, the
module works on an interpreter of its own that was never started, and crashes. At best it is megabytes of dead code.

Link an extension module without any libpython: the interpreter brings these symbols.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import Rule, Uses, spell
from musl_audit.loader.extension_suffixes import module_of
from musl_audit.model import Severity, Statement

RULE = Rule(
    "MUSL208",
    "static-libpython",
    Severity.WARNING,
    "link extension modules without libpython (without `python3-config --embed`)",
    tells_releases=False,
)
_API = frozenset("Py_Initialize Py_InitializeEx Py_Main Py_RunMain PyEval_GetFrame PyInterpreterState_Get".split())


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for all modules."""
    found = Uses()
    for file in context.loaded:
        if module_of(file):
            for name in file.defined & _API:
                found.add(name, file.path)
    if found:
        yield RULE.states(f"{spell(found.symbols)} defined by an extension module: libpython is linked in", uses=found)
