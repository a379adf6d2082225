"""The texts of ``*.dist-info`` that a repair writes anew: ``WHEEL`` and ``RECORD``."""

from collections.abc import Iterable

from musl_audit.model import WheelName
from musl_audit.repair.predict import expanded_tags

_DROPPED = ("RECORD.jws", "RECORD.p7s")  # signatures of a RECORD that is no more


def wheel_text(old: bytes, name: WheelName) -> bytes:
    """
    Return the content of ``WHEEL`` with the tags and the build tag of *name*, and with a root that is not pure.

    All other fields stay as they are, in their order. Text without a change comes back byte for byte.
    """
    text = old.decode("utf-8", "surrogateescape")
    lines = text.splitlines()
    end = lines.index("") if "" in lines else len(lines)  # what follows an empty line is no header
    kept = [line for line in lines[:end] if _field(line) not in ("tag", "build", "root-is-purelib")]
    tags = [line.partition(":")[2].strip() for line in lines[:end] if _field(line) == "tag"]
    builds = [line.partition(":")[2].strip() for line in lines[:end] if _field(line) == "build"]
    is_impure = any(
        line.partition(":")[2].strip().lower() == "false" for line in lines if _field(line).startswith("root")
    )
    if set(tags) == set(expanded_tags(name)) and builds == ([name.build] if name.build else []) and is_impure:
        return old
    fields = [*kept, "Root-Is-Purelib: false", *(f"Tag: {tag}" for tag in expanded_tags(name))]
    fields += [f"Build: {name.build}"] if name.build else []
    return "\n".join([*fields, *lines[end:], ""]).encode("utf-8", "surrogateescape")


def _field(line: str) -> str:
    return line.partition(":")[0].strip().lower()


def record_text(rows: Iterable[tuple[str, str, str]]) -> bytes:
    """Return the content of ``RECORD`` for *rows* of path, digest with its algorithm, and size."""
    import csv
    import io

    target = io.StringIO(newline="")
    csv.writer(target, lineterminator="\n").writerows(rows)
    return target.getvalue().encode("utf-8", "surrogateescape")


def is_dropped(member: str, dist_info: str) -> bool:
    """Whether a repaired wheel leaves *member* out: ``RECORD``, which is written last, and its signatures."""
    return member in {f"{dist_info}/{name}" for name in ("RECORD", *_DROPPED)}
