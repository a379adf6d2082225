"""What was grafted and added, as a CycloneDX document in ``*.dist-info/sboms`` (PEP 770)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid5

from musl_audit.model import WheelName
from musl_audit.repair.actions import AddPolyfill, Graft

_LICENCE = "MIT"  # of musl-audit, which its polyfills are part of
FILE_NAME = "musl-audit.cdx.json"
_NAMESPACE = UUID("c1b5b2a6-5e0f-4b0e-9c7e-6d1f0a3e8b55")  # of serial numbers that follow from what they number


def sbom(
    wheel: WheelName,
    added: Sequence[Graft | AddPolyfill],
    timestamp: int | None,
    *,
    version: str,
    rewritten: Sequence[str] = (),
) -> bytes:
    """
    Return a CycloneDX 1.6 document that lists what was *added*, each with its file name and digest.

    Members whose code was *rewritten* are properties of the wheel.
    Where a package database said where a library came from, the component has the package's name, version and URL; a
    polyfill has the version and the licence of musl-audit. The same content gives the same bytes: *timestamp* (seconds
    since 1970, ``SOURCE_DATE_EPOCH``) is left out where None.
    """
    import json

    from cyclonedx.model import HashAlgorithm, HashType, Property
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.license import DisjunctiveLicense
    from cyclonedx.output.json import JsonV1Dot6
    from packageurl import PackageURL

    def component(action: Graft | AddPolyfill) -> Component:
        return grafted(action) if isinstance(action, Graft) else polyfill(action)

    def polyfill(action: AddPolyfill) -> Component:
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

    def grafted(graft: Graft) -> Component:
        purl = PackageURL.from_string(graft.origin) if graft.origin else None
        return Component(
            name=purl.name if purl else graft.source.rpartition("/")[2],
            version=purl.version if purl else None,
            type=ComponentType.LIBRARY,
            bom_ref=graft.member,
            purl=purl,
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=graft.sha256)],
            properties=[
                Property(name="musl-audit:file", value=graft.member),
                Property(name="musl-audit:source", value=graft.source),
                Property(name="musl-audit:soname", value=graft.soname),
            ],
        )

    subject = Component(
        name=wheel.distribution,
        version=wheel.version,
        type=ComponentType.LIBRARY,
        bom_ref=str(wheel),
        properties=[
            Property(name="musl-audit:version", value=version),
            *(Property(name="musl-audit:rewritten-thread-locals", value=member) for member in rewritten),
        ],
    )
    content = "\n".join([str(wheel), *(f"{action.member} {action.sha256}" for action in added), *rewritten])
    bom = Bom(
        serial_number=uuid5(_NAMESPACE, content),
        metadata=BomMetaData(component=subject),
        components=[component(action) for action in added],
    )
    bom.register_dependency(subject, bom.components)
    document = json.loads(JsonV1Dot6(bom).output_as_string())
    del document["metadata"]["timestamp"]  # the library always writes one, that of the clock
    if timestamp is not None:
        document["metadata"]["timestamp"] = datetime.fromtimestamp(timestamp, UTC).isoformat()
    return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()
