"""What goes with a release: hashes, an SBOM of the tool itself, and the changelog's section."""

import hashlib
import json
import re
from datetime import UTC, datetime
from importlib.metadata import Distribution, distribution
from pathlib import Path
from uuid import UUID, uuid5

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_NAMESPACE = UUID("0f0b6a54-6a5e-4c0b-8a53-2f4f3d1f6d0e")  # of serial numbers that follow from what they number


def sums(folder: Path) -> str:
    """Return the digests of all files below *folder* as ``sha256sum --check`` reads them there."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return "".join(f"{_digest(path)}  {path.relative_to(folder).as_posix()}\n" for path in paths)


def section(changelog: str, version: str) -> str:
    r"""
    Return what the changelog says of *version*; of what is unreleased, where the version has no section yet.

    >>> section("# Changelog\n\n## 1.1\n\n- new\n\n## 1.0\n\n- old\n", "1.1")
    '## 1.1\n\n- new\n'
    """
    parts = re.split(r"^(?=## )", changelog, flags=re.MULTILINE)[1:]
    for title in (version, "Unreleased"):
        found = next((part for part in parts if re.match(rf"## \[?{re.escape(title)}\b", part)), None)
        if found is not None:
            return found.rstrip() + "\n"
    raise ValueError(f"the changelog has neither a section {version} nor one of what is unreleased")


def bill(wheel: Path, version: str, epoch: int) -> bytes:
    """
    Return a CycloneDX 1.6 document of the tool: its wheel, and all that a plain install brings, in today's versions.

    The same bytes for the same wheel and the same environment.
    """
    subject = Component(
        name="musl-audit",
        version=version,
        type=ComponentType.APPLICATION,
        bom_ref=f"musl-audit=={version}",
        licenses=[DisjunctiveLicense(id="MIT")],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=_digest(wheel))],
        purl=PackageURL("pypi", None, "musl-audit", version, {"file_name": wheel.name}),
    )
    found = installed("musl-audit")
    components = {name: _component(item) for name, item in found.items() if name != "musl-audit"}
    content = "\n".join([_digest(wheel), *(f"{name}=={item.version}" for name, item in sorted(found.items()))])
    bom = Bom(
        serial_number=uuid5(_NAMESPACE, content),
        metadata=BomMetaData(component=subject),
        components=components.values(),
    )
    for name, item in sorted(found.items()):
        needed = [components[need] for need in needs(item) if need in components]
        bom.register_dependency(components.get(name, subject), needed)
    document = json.loads(JsonV1Dot6(bom).output_as_string())
    document["metadata"]["timestamp"] = datetime.fromtimestamp(epoch, UTC).isoformat()
    return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()


def installed(project: str) -> dict[str, Distribution]:
    """Return *project* and all that it needs without extras, of this environment, by normalized name."""
    found: dict[str, Distribution] = {}
    wanted = [project]
    while wanted:
        name = wanted.pop()
        if name not in found:
            found[name] = distribution(name)
            wanted += needs(found[name])
    return found


def needs(item: Distribution) -> list[str]:
    """Return the normalized names of what a distribution needs here, without extras."""
    parsed = map(Requirement, item.requires or ())
    return sorted(
        canonicalize_name(need.name) for need in parsed if need.marker is None or need.marker.evaluate({"extra": ""})
    )


def _component(item: Distribution) -> Component:
    name = canonicalize_name(item.name)
    return Component(
        name=name,
        version=item.version,
        type=ComponentType.LIBRARY,
        bom_ref=f"{name}=={item.version}",
        purl=PackageURL("pypi", None, name, item.version),
    )


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
