"""The texts of ``*.dist-info`` that a repair writes anew: ``WHEEL`` and ``RECORD``."""

from collections.abc import Iterable

from musl_audit.model import WheelName
from musl_audit.repair.predict import expanded_tags

_DROPPED = ("RECORD", "RECORD.jws", "RECORD.p7s")  # written anew, and signatures of one that is no more


def is_dropped(member: str, dist_info: str) -> bool:
    """
    Whether *member* is not copied into the result.

    >>> is_dropped("demo-1.0.dist-info/RECORD.jws", "demo-1.0.dist-info")
    True
    """
    return member in [f"{dist_info}/{name}" for name in _DROPPED]


def is_signature(member: str) -> bool:
    """
    Whether *member* signs ``RECORD``.

    >>> is_signature("demo-1.0.dist-info/RECORD.jws"), is_signature("demo/RECORD.jws")
    (True, False)
    """
    directory, _, name = member.rpartition("/")
    return directory.endswith(".dist-info") and "/" not in directory and name in _DROPPED[1:]


def wheel_text(old: bytes, name: WheelName, *, updates_tags: bool = True) -> bytes:
    r"""
    Return the content of ``WHEEL`` with the tags, if they are updated, and the build tag of *name*, and not pure.

    All other fields stay as they are, in their order. Text without a change comes back byte for byte.

    >>> demo = WheelName("demo", "1.0", None, ("cp312",), ("cp312",), ("musllinux_1_2_x86_64",))
    >>> wheel_text(b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n", demo).splitlines()
    [b'Wheel-Version: 1.0', b'Root-Is-Purelib: false', b'Tag: cp312-cp312-musllinux_1_2_x86_64']
    """
    text = old.decode("utf-8", "surrogateescape").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.removesuffix("\n").split("\n")
    end = lines.index("") if "" in lines else len(lines)  # what follows an empty line is no header
    values: dict[str, list[str]] = {"root-is-purelib": [], "tag": [], "build": []}
    kept = []
    for line in lines[:end]:
        field, _, value = line.partition(":")
        known = values.get(field.strip().lower())
        if known is None:
            kept.append(line)
        else:
            known.append(value.strip())
    new = {
        "root-is-purelib": ["false"],
        "tag": list(expanded_tags(name)) if updates_tags else values["tag"],
        "build": [name.build] if name.build else [],
    }
    if all(sorted(map(str.lower, values[field])) == sorted(map(str.lower, new[field])) for field in values):
        return old
    fields = [*kept, *(f"{_SPELLED[field]}: {value}" for field, value in _pairs(new))]
    return ("\n".join([*fields, *lines[end:]]) + "\n").encode("utf-8", "surrogateescape")


_SPELLED = {"root-is-purelib": "Root-Is-Purelib", "build": "Build", "tag": "Tag"}


def _pairs(values: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(field, value) for field in _SPELLED for value in values[field]]


def record_text(rows: Iterable[tuple[str, str, str]]) -> bytes:
    """Return the content of ``RECORD`` for *rows* of path, digest with its algorithm, and size."""
    lines = (",".join(map(_quoted, row)) + "\n" for row in rows)
    return "".join(lines).encode("utf-8", "surrogateescape")


def _quoted(field: str) -> str:
    """
    Return *field* as CSV has it; ``csv.writer`` leaves a carriage return bare, which readers take for a line end.

    >>> _quoted('a,"b".txt')
    '"a,""b"".txt"'
    """
    return '"' + field.replace('"', '""') + '"' if any(mark in field for mark in ',"\r\n') else field
