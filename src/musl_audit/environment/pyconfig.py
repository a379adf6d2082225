"""``pyconfig.h`` and ``_sysconfigdata*.py`` as data: neither is ever compiled, imported or executed."""

import ast
import re
from collections.abc import Mapping

LARGEST_CONFIGURATION = 4 << 20  # bytes; real files have 20 to 120 kB
_MACRO = re.compile(
    r"^[ \t]*(?:/\*[ \t]*)?#[ \t]*(define|undef)[ \t]+([A-Za-z_][A-Za-z0-9_]*)(?:[ \t]+(\S+))?", re.MULTILINE
)
_BEGIN = re.compile(r"^build_time_vars[ \t]*=[ \t]*(?=\{)", re.MULTILINE)
_STRING = r"""'[^'\\\n]*(?:\\.[^'\\\n]*)*'|"[^"\\\n]*(?:\\.[^"\\\n]*)*\""""
_PLAIN = rf"\s+|\\\n|\#[^\n]*|{_STRING}|-?[0-9][0-9_]*|None|True|False|[:,]"
_TOKENS = re.compile(rf"(?:{_PLAIN})++|([(\[{{])|([)\]}}])", re.DOTALL)  # plain ones all at once, never given back
_DEEPEST = 3  # brackets within brackets: real dictionaries are flat

Value = str | int | None


def parse_pyconfig(text: str) -> dict[str, bool]:
    r"""
    Return the macros that a ``pyconfig.h`` mentions, and whether each is defined to something other than 0.

    >>> parse_pyconfig("#define HAVE_A 1\n/* #undef HAVE_B */\n#define HAVE_C 0\n")
    {'HAVE_A': True, 'HAVE_B': False, 'HAVE_C': False}
    """
    return {name: word == "define" and value != "0" for word, name, value in _MACRO.findall(text)}


def parse_sysconfigdata(text: str) -> Mapping[str, Value] | None:
    r"""
    Return the dictionary ``build_time_vars`` of a ``_sysconfigdata*.py``; None where there is no plain one.

    Only its source text is looked at, token by token, before ``ast.literal_eval`` sees it: strings, numbers, a few
    constants and shallow brackets, so that no input can exhaust the parser's stack. What stands around it is not read.

    >>> parse_sysconfigdata("import os\nbuild_time_vars = {'SOABI': 'cpython-311', 'HAVE_B': 0}\n")
    {'SOABI': 'cpython-311', 'HAVE_B': 0}
    """
    begin = _BEGIN.search(text)
    end = _end_of_literal(text, begin.end()) if begin else None
    if begin is None or end is None:
        return None
    try:
        value = ast.literal_eval(text[begin.end() : end])
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    return {
        key: item
        for key, item in value.items()
        if isinstance(key, str) and (item is None or isinstance(item, str | int))
    }


def macros_of(variables: Mapping[str, Value]) -> dict[str, bool]:
    """Return the macros among the variables of a build: those of ``pyconfig.h`` are in there, undefined ones as 0."""
    return {name: value not in (0, "0", "", None) for name, value in variables.items() if name.startswith("HAVE_")}


def _end_of_literal(text: str, start: int) -> int | None:
    """Return where the bracket at *start* is closed, None where anything else than plain data comes before."""
    depth, place = 0, start
    while match := _TOKENS.match(text, place):
        place = match.end()
        depth += bool(match[1]) - bool(match[2])
        if depth > _DEEPEST:
            return None
        if depth == 0:
            return place
    return None
