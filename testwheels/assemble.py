"""From the members of a case to the bytes of its wheel, with metadata that is right unless the case says otherwise."""

import base64
import hashlib
from itertools import product

from testwheels.archive import Entry, zip_bytes
from testwheels.case import Case, Content

_WHEEL = """\
Wheel-Version: 1.0
Generator: testwheels
Root-Is-Purelib: {is_purelib}
"""
_METADATA = """\
Metadata-Version: 2.1
Name: {name}
Version: {version}
Summary: {summary}
"""


def wheel_bytes(case: Case, members: list[Content]) -> bytes:
    """Return the wheel of *case* with *members*, sorted by name, the metadata at the end as installers like it."""
    contents = sorted(members, key=lambda member: _raw(member[0]))
    dist_infos = (f"{case.name}-{case.version}.dist-info",) if case.dist_infos is None else case.dist_infos
    for dist_info in dist_infos:
        contents += [
            (f"{dist_info}/METADATA", _metadata(case).encode(), 0o100644),
            (f"{dist_info}/WHEEL", _wheel_file(case).encode(), 0o100644),
        ]
    if dist_infos:
        contents.append((f"{dist_infos[0]}/RECORD", _record(case, contents, dist_infos[0]).encode(), 0o100644))
    entries = [Entry(name, data, mode) for name, data, mode in contents]
    return case.archive(zip_bytes(case.entries(entries), comment=case.comment))


def expanded(tags: str) -> list[str]:
    """
    Return every single tag of a compressed set.

    >>> expanded("py2.py3-none-any")
    ['py2-none-any', 'py3-none-any']
    """
    return ["-".join(tag) for tag in product(*(part.split(".") for part in tags.split("-")))]


def record_row(name: str, data: bytes) -> str:
    """Return the row of RECORD for one member."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{_quoted(name)},sha256={digest},{len(data)}"


def _record(case: Case, contents: list[Content], dist_info: str) -> str:
    rows = [record_row(_text(name), data) for name, data, _ in contents]
    rows.append(f"{dist_info}/RECORD,,")
    return "".join(f"{row}\n" for row in (case.record(rows) if case.record else rows))


def _wheel_file(case: Case) -> str:
    tags = expanded(case.tags) if case.written_tags is None else case.written_tags
    head = _WHEEL.format(is_purelib=str(case.is_purelib).lower())
    return head + (f"Build: {case.build}\n" if case.build else "") + "".join(f"Tag: {tag}\n" for tag in tags)


def _metadata(case: Case) -> str:
    return _METADATA.format(name=case.name.replace("_", "-"), version=case.version, summary=case.why)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if any(mark in name for mark in ',"\r\n') else name


def _raw(name: str | bytes) -> bytes:
    return name.encode() if isinstance(name, str) else name


def _text(name: str | bytes) -> str:
    """Return *name* as a reader decodes it: without the flag for UTF-8, names are in code page 437."""
    return name if isinstance(name, str) else name.decode("cp437")
