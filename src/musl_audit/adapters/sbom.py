"""What was grafted and added, as a CycloneDX document in ``*.dist-info/sboms`` (PEP 770)."""

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from musl_audit.model import WheelName
from musl_audit.repair.actions import Action, AddPolyfill, Graft, ReplaceNeeded

if TYPE_CHECKING:
    from cyclonedx.model.component import Component
    from cyclonedx.model.license import License

_LICENCE = "MIT"  # of musl-audit, which its polyfills are part of
FILE_NAME = "musl-audit.cdx.json"
_NAMESPACE = UUID("c1b5b2a6-5e0f-4b0e-9c7e-6d1f0a3e8b55")  # of serial numbers that follow from what they number
_FILE_NAME = re.compile(r"(?:lib)?(?P<name>.+?)(?:-(?P<infix>\d[\d.]*))?\.so(?:\.(?P<version>\d[\w.]*))?")
_EXPRESSION = re.compile(r"\(*[A-Za-z0-9.+-]+\)*(?: (?:AND|OR|WITH) \(*[A-Za-z0-9.+-]+\)*)*")


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
    import json

    from cyclonedx.model import Property
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.tool import ToolRepository
    from cyclonedx.output.json import JsonV1Dot6
    from packageurl import PackageURL

    actions = tuple(actions)
    added = {action.member: action for action in actions if isinstance(action, Graft | AddPolyfill)}
    components = {
        member: _component(action) if isinstance(action, Graft) else _polyfill(action, version)
        for member, action in added.items()
    }
    purl = PackageURL(
        "pypi", None, wheel.distribution.lower().replace("_", "-"), wheel.version, {"file_name": str(wheel)}
    )
    subject = Component(
        name=wheel.distribution,
        version=wheel.version,
        type=ComponentType.LIBRARY,
        bom_ref=str(wheel),
        purl=purl,
        properties=[Property(name="musl-audit:rewritten-thread-locals", value=member) for member in rewritten],
    )
    digests = (f"{member} {action.sha256}" for member, action in sorted(added.items()))
    content = "\n".join([str(wheel), *digests, *rewritten])
    tool = Component(name="musl-audit", version=version, type=ComponentType.APPLICATION)
    bom = Bom(
        serial_number=uuid5(_NAMESPACE, content),
        metadata=BomMetaData(component=subject, tools=ToolRepository(components=[tool])),
        components=components.values(),
    )
    edges = _edges(actions, components)
    for user, needed in sorted(edges.items()):
        bom.register_dependency(components.get(user, subject), [components[member] for member in needed])
    document = json.loads(JsonV1Dot6(bom).output_as_string())
    del document["metadata"]["timestamp"]  # the library always writes one, that of the clock
    if timestamp is not None:
        document["metadata"]["timestamp"] = datetime.fromtimestamp(timestamp, UTC).isoformat()
    return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()


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


def _polyfill(action: AddPolyfill, version: str) -> "Component":
    from cyclonedx.model import HashAlgorithm, HashType, Property
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.license import DisjunctiveLicense

    return Component(
        name=f"musl-polyfill-{action.symbol}",
        version=version,
        type=ComponentType.LIBRARY,
        bom_ref=action.member,
        licenses=[DisjunctiveLicense(id=_LICENCE)],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=action.sha256)],
        properties=[
            Property(name="musl-audit:file", value=action.member),
            Property(name="musl-audit:symbol", value=action.symbol),
        ],
    )


def _component(graft: Graft) -> "Component":
    from cyclonedx.model import HashAlgorithm, HashType, Property
    from cyclonedx.model.component import Component, ComponentType
    from packageurl import PackageURL

    purl = PackageURL.from_string(graft.origin) if graft.origin else None
    name, version = (purl.name, purl.version) if purl else guessed(graft.source.rpartition("/")[2])
    properties = [
        Property(name="musl-audit:file", value=graft.member),
        Property(name="musl-audit:soname", value=graft.soname),
    ]
    if purl is None:
        properties.append(Property(name="musl-audit:guessed", value="name and version, from the file name"))
    return Component(
        name=name,
        version=version,
        type=ComponentType.LIBRARY,
        bom_ref=graft.member,
        purl=purl,
        licenses=_licences(graft.licence) if graft.licence else (),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=graft.sha256)],
        properties=properties,
    )


def _licences(text: str) -> "list[License]":
    """Return what a package database says: an expression of SPDX where it looks like one, else a name."""
    from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression

    return [LicenseExpression(text)] if _EXPRESSION.fullmatch(text) else [DisjunctiveLicense(name=text)]


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
