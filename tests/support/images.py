"""Images made of a root: as a plain tar, as ``docker save`` writes them, as OCI layouts, with whiteouts and links."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable
from pathlib import Path


def layer(root: Path, *, whiteouts: Iterable[str] = ()) -> bytes:
    """Return *root* as a layer; *whiteouts* are names such as ``usr/bin/.wh.python3``."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.add(root, ".")
        for name in whiteouts:
            archive.addfile(tarfile.TarInfo(name))
    return file.getvalue()


def archive(entries: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    """Return a tar of *entries*, whatever they say."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as made:
        for entry, data in entries:
            entry.size = len(data)
            made.addfile(entry, io.BytesIO(data))
    return file.getvalue()


def entry(name: str, *, kind: bytes = tarfile.REGTYPE, target: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    """Return the header of one entry."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, target, mode
    return info


def docker_save(layers: Iterable[bytes], path: Path) -> Path:
    """Write what ``docker save`` does of *layers*, lowest first."""
    found = list(layers)
    names = [f"{number}/layer.tar" for number in range(len(found))]
    manifest = json.dumps([{"Config": "config.json", "RepoTags": ["demo:1"], "Layers": names}]).encode()
    rows = [(entry(name), data) for name, data in zip(names, found, strict=True)]
    path.write_bytes(archive([*rows, (entry("config.json"), b"{}"), (entry("manifest.json"), manifest)]))
    return path


def oci_files(layers: Iterable[bytes]) -> dict[str, bytes]:
    """Return the files of an OCI layout with *layers*, compressed, behind an index of two platforms."""
    blobs: dict[str, bytes] = {}

    def blob(data: bytes) -> dict[str, object]:
        digest = hashlib.sha256(data).hexdigest()
        blobs[f"blobs/sha256/{digest}"] = data
        return {"digest": f"sha256:{digest}", "size": len(data)}

    rows = [blob(gzip.compress(data, 1)) for data in layers]
    manifest = blob(json.dumps({"layers": rows}).encode())
    attestation = blob(json.dumps({"layers": []}).encode()) | {"platform": {"os": "unknown"}}
    inner = blob(json.dumps({"manifests": [attestation, manifest | {"platform": {"os": "linux"}}]}).encode())
    return {
        "oci-layout": b'{"imageLayoutVersion": "1.0.0"}',
        "index.json": json.dumps({"manifests": [inner]}).encode(),
        **blobs,
    }


def oci_layout(layers: Iterable[bytes], path: Path) -> Path:
    """Write an OCI layout as a folder."""
    for name, data in oci_files(layers).items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def oci_archive(layers: Iterable[bytes], path: Path) -> Path:
    """Write an OCI layout as one file."""
    path.write_bytes(archive((entry(name), data) for name, data in oci_files(layers).items()))
    return path
