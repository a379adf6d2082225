"""The text of policy files: JSON that a person reviews line by line."""

import json
from textwrap import TextWrapper

LINE_LENGTH = 120


def render(value: object) -> str:
    """
    Return *value* as the JSON text of a policy file: keys in their order, lists of names filled into lines.

    One change of a name is then one changed line, and 2,000 names are a page instead of 2,000 lines.

    >>> print(render({"release": "1.2.3", "added": ["qsort_r", "pthread_getname_np"], "removed": []}), end="")
    {
      "release": "1.2.3",
      "added": ["qsort_r", "pthread_getname_np"],
      "removed": []
    }
    """
    return _render(value, "") + "\n"


def _render(value: object, indent: str) -> str:
    inner = indent + "  "
    match value:
        case dict() if value:
            rows = (f"{inner}{_scalar(key)}: {_render(child, inner)}" for key, child in value.items())
            return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
        case list() if value and all(isinstance(child, str | int) for child in value):
            line = "[" + ", ".join(map(_scalar, value)) + "]"
            return line if len(inner + line) <= LINE_LENGTH - 30 else f"[\n{_filled(value, inner)}\n{indent}]"
        case list() if value:
            rows = (inner + _render(child, inner) for child in value)
            return "[\n" + ",\n".join(rows) + f"\n{indent}]"
        case _:
            return _scalar(value)


def _filled(values: list[object], indent: str) -> str:
    wrapper = TextWrapper(LINE_LENGTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False)
    wrapper.break_on_hyphens = False
    return wrapper.fill(", ".join(map(_scalar, values)))


def _scalar(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
