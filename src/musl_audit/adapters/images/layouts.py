"""The layers of an image, lowest first: of ``docker save``, of an OCI layout, or the one archive that there is."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from musl_audit.adapters.images.blobs import Blob, FileBlob, Slice, inflated
from musl_audit.adapters.images.layers import add_layer, find, folder
from musl_audit.adapters.images.tar import entries
from musl_audit.adapters.tree import PathError

_LARGEST_DOCUMENT = 16 << 20
_MOST_LAYERS = 1000
_DEEPEST_INDEX = 8
_DIGEST = re.compile(r"(sha256|sha512):([0-9a-f]{32,128})")
_MANIFEST, _INDEX, _LAYOUT = "manifest.json", "index.json", "oci-layout"

Lookup = Callable[[str], Blob | None]  # by the name of a file of the image


def layers_of(path: str) -> list[tuple[str, Blob]]:
    """Return the layers of the image at *path*, a file or a folder, each with a name; raise ``PathError``."""
    if Path(path).is_dir():
        return _of_layout(_in_folder(path), path)
    blob = inflated(FileBlob(path), path)
    inside = _in_archive(blob, path)
    if inside is None:
        return [(path, blob)]
    if inside(_MANIFEST) is not None:
        return _of_docker(inside, path)
    return _of_layout(inside, path)


def is_layout(path: str) -> bool:
    """Whether the folder at *path* is an OCI layout, not a root."""
    return all(Path(path, name).is_file() for name in (_LAYOUT, _INDEX))


def _in_folder(path: str) -> Lookup:
    def lookup(name: str) -> Blob | None:
        full = Path(path, name)
        return FileBlob(str(full)) if full.is_file() else None

    return lookup


def _in_archive(blob: Blob, what: str) -> Lookup | None:
    """Return what finds the files of an image in the archive *blob*; None where that is a root or a layer itself."""
    names = {_MANIFEST, _LAYOUT}
    for number, entry in enumerate(entries(blob, what)):
        if entry.name.removeprefix("./") in names and entry.kind == "file":
            break
        if number >= _MOST_LAYERS * 8:  # images have few files: this is a root
            return None
    else:
        return None
    root = folder()
    add_layer(root, blob, what)

    def lookup(name: str) -> Blob | None:
        node = find(root, tuple(name.split("/")))
        return Slice(node.blob, node.offset, node.size) if node is not None and node.blob is not None else None

    return lookup


def _of_docker(lookup: Lookup, what: str) -> list[tuple[str, Blob]]:
    images = _document(lookup, _MANIFEST, what)
    if not isinstance(images, list) or not images:
        raise PathError(f"{what}: {_MANIFEST} names no image")
    if len(images) > 1:
        raise PathError(f"{what}: holds {len(images)} images: save the one that is meant")
    names = _list(images[0], "Layers")
    return list(_named(lookup, (str(name) for name in names), what))


def _of_layout(lookup: Lookup, what: str) -> list[tuple[str, Blob]]:
    document = _document(lookup, _INDEX, what)
    for _ in range(_DEEPEST_INDEX):
        if _list(document, "layers"):
            break
        chosen = [row for row in _list(document, "manifests") if _is_of_linux(row)]
        if not chosen:
            raise PathError(f"{what}: names no image for Linux")
        document = _document(lookup, _blob_name(chosen[0], what), what)
    return list(_named(lookup, (_blob_name(row, what) for row in _list(document, "layers")), what))


def _is_of_linux(row: object) -> bool:
    platform = row.get("platform") if isinstance(row, dict) else None
    system = platform.get("os", "linux") if isinstance(platform, dict) else "linux"
    return isinstance(row, dict) and system == "linux"


def _blob_name(row: object, what: str) -> str:
    match = _DIGEST.fullmatch(str(row.get("digest"))) if isinstance(row, dict) else None
    if match is None:
        raise PathError(f"{what}: a digest that is none")
    return f"blobs/{match[1]}/{match[2]}"


def _named(lookup: Lookup, names: Iterator[str], what: str) -> Iterator[tuple[str, Blob]]:
    for number, name in enumerate(names):
        if number >= _MOST_LAYERS:
            raise PathError(f"{what}: has more than {_MOST_LAYERS} layers")
        blob = lookup(name)
        if blob is None:
            raise PathError(f"{what}: the layer {name} is not in it")
        yield f"{what}: {name}", inflated(blob, f"{what}: {name}")


def _document(lookup: Lookup, name: str, what: str) -> object:
    blob = lookup(name)
    if blob is None:
        raise PathError(f"{what}: {name} is not in it")
    data = blob.read_at(0, _LARGEST_DOCUMENT + 1)
    if len(data) > _LARGEST_DOCUMENT:
        raise PathError(f"{what}: {name} has more than {_LARGEST_DOCUMENT} bytes")
    try:
        value: object = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise PathError(f"{what}: {name} is no JSON") from error
    return value


def _list(value: object, key: str) -> list[object]:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []
