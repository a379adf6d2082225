"""
What was grafted and added, as a CycloneDX document in ``*.dist-info/sboms`` (PEP 770).

The dozen fields of CycloneDX 1.6 that are needed are written here: its library takes longer to import than most
repairs take. Tests hold what is written against that library's schema.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from urllib.parse import quote, unquote
from uuid import UUID, uuid5

from musl_audit.model import WheelName
from musl_audit.repair.actions import Action, AddPolyfill, Graft, ReplaceNeeded

_LICENCE = "MIT"  # of musl-audit, which its polyfills are part of
FILE_NAME = "musl-audit.cdx.json"
_NAMESPACE = UUID("c1b5b2a6-5e0f-4b0e-9c7e-6d1f0a3e8b55")  # of serial numbers that follow from what they number
_FILE_NAME = re.compile(r"(?:lib)?(?P<name>.+?)(?:-(?P<infix>\d[\d.]*))?\.so(?:\.(?P<version>\d[\w.]*))?")
_EXPRESSION = re.compile(r"\(*[A-Za-z0-9.+-]+\)*(?: (?:AND|OR|WITH) \(*[A-Za-z0-9.+-]+\)*)*")

Row = dict[str, object]


def sbom(
    wheel: WheelName,
    actions: Iterable[Action],
    timestamp: int | None,
    *,
    version: str,
    rewritten: Sequence[str] = (),
) -> bytes:
    """
    Return a CycloneDX 1.6 document that lists what *actions* add, each with its file name and digest.

    Members whose code was *rewritten* are properties of the wheel; a polyfill has the version and the licence of
    musl-audit.

    Where a package database said where a library came from, the component has the package's name, version, URL and
    licence; else a name and a version are guessed from the file name, and marked as such. Edges say who needs whom.

    The same content gives the same bytes, wherever the libraries lay: no path of the machine is in it, and *timestamp*
    (seconds since 1970, ``SOURCE_DATE_EPOCH``) is left out where None.
    """
    actions = tuple(actions)
    added = {action.member: action for action in actions if isinstance(action, Graft | AddPolyfill)}
    components = [
        _component(action) if isinstance(action, Graft) else _polyfill(action, version) for action in added.values()
    ]
    digests = (f"{member} {action.sha256}" for member, action in sorted(added.items()))
    document: Row = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "serialNumber": uuid5(_NAMESPACE, "\n".join([str(wheel), *digests, *rewritten])).urn,
        "metadata": _metadata(wheel, timestamp, version=version, rewritten=rewritten),
        "dependencies": list(_dependencies(str(wheel), _edges(actions, added))),
    }
    if components:
        document["components"] = sorted(components, key=lambda one: (str(one["name"]), str(one["bom-ref"])))
    return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()


def _metadata(wheel: WheelName, timestamp: int | None, *, version: str, rewritten: Sequence[str]) -> Row:
    project = wheel.distribution.lower().replace("_", "-")
    subject: Row = {
        "type": "library",
        "name": wheel.distribution,
        "version": wheel.version,
        "bom-ref": str(wheel),
        "purl": f"pkg:pypi/{quote(project)}@{quote(wheel.version)}?file_name={quote(str(wheel))}",
    }
    if rewritten:
        subject["properties"] = [_property("rewritten-thread-locals", member) for member in sorted(rewritten)]
    tool = {"type": "application", "name": "musl-audit", "version": version}
    metadata: Row = {"component": subject, "tools": {"components": [tool]}}
    if timestamp is not None:
        from datetime import UTC, datetime

        metadata["timestamp"] = datetime.fromtimestamp(timestamp, UTC).isoformat()
    return metadata


def _dependencies(wheel: str, edges: Mapping[str, tuple[str, ...]]) -> Iterator[Row]:
    """Yield who needs whom, sorted; ``""`` stands for *wheel*."""
    for user, needed in sorted((user or wheel, needed) for user, needed in edges.items()):
        yield {"ref": user, "dependsOn": list(needed)} if needed else {"ref": user}


def _edges(actions: Sequence[Action], added: Collection[str]) -> dict[str, tuple[str, ...]]:
    """
    Return who needs what of *added*, by NEEDED; ``""`` stands for all that is the wheel's own.

    What nothing needs was brought in for the wheel's own code to open.
    """
    by_name = {member.rpartition("/")[2]: member for member in added}
    found: dict[str, set[str]] = {"": set(), **{member: set() for member in added}}
    for action in actions:
        if isinstance(action, ReplaceNeeded) and action.new in by_name:
            found[action.member if action.member in added else ""].add(by_name[action.new])
    found[""].update(set(added).difference(*found.values()))
    return {user: tuple(sorted(needed)) for user, needed in found.items()}


def _polyfill(action: AddPolyfill, version: str) -> Row:
    return {
        "type": "library",
        "name": f"musl-polyfill-{action.symbol}",
        "version": version,
        "bom-ref": action.member,
        "licenses": [{"license": {"id": _LICENCE}}],
        "hashes": [_digest(action.sha256)],
        "properties": [_property("file", action.member), _property("symbol", action.symbol)],
    }


def _component(graft: Graft) -> Row:
    properties = [_property("file", graft.member), _property("soname", graft.soname)]
    row: Row = {"type": "library", "bom-ref": graft.member, "hashes": [_digest(graft.sha256)]}
    if graft.origin:
        package, _, release = graft.origin.partition("?")[0].rpartition("/")[2].partition("@")
        row |= {"purl": graft.origin, "name": unquote(package), "version": unquote(release)}
    else:
        name, version = guessed(graft.source.rpartition("/")[2])
        row |= {"name": name} | ({"version": version} if version else {})
        properties.insert(1, _property("guessed", "name and version, from the file name"))
    if graft.licence:
        row["licenses"] = [_licence(graft.licence)]
    return row | {"properties": properties}


def _property(name: str, value: str) -> Row:
    return {"name": f"musl-audit:{name}", "value": value}


def _digest(sha256: str) -> Row:
    return {"alg": "SHA-256", "content": sha256}


def _licence(text: str) -> Row:
    """Return what a package database says: an expression of SPDX where it looks like one, else a name."""
    return {"expression": text} if _EXPRESSION.fullmatch(text) else {"license": {"name": text}}


def guessed(filename: str) -> tuple[str, str | None]:
    """
    Return the name and the version that *filename* lets one guess.

    >>> guessed("libouter.so.1.2"), guessed("libfoo-3.1.so"), guessed("libside.so")
    (('outer', '1.2'), ('foo', '3.1'), ('side', None))
    """
    found = _FILE_NAME.fullmatch(filename)
    if found is None:
        return filename, None
    return found["name"], found["version"] or found["infix"]
