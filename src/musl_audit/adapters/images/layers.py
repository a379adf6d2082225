"""Layers laid over each other, as a container engine does it, in memory: only names, and where the bytes are."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from musl_audit.adapters.images.blobs import Blob
from musl_audit.adapters.images.tar import TarEntry, entries
from musl_audit.adapters.tree import Entry

_WHITEOUT, _OPAQUE = ".wh.", ".wh..wh..opq"
_DEEPEST = 256  # folders inside each other
_MOST_LINKS = 40
_KINDS = {"file": Entry.FILE, "folder": Entry.FOLDER, "symlink": Entry.LINK, "other": Entry.OTHER}


@dataclass(slots=True)
class Node:
    """A file, a folder, a link or something else; the only thing of this program that is changed while it grows."""

    kind: Entry
    mode: int = 0
    target: str = ""  # of a link
    blob: Blob | None = None
    offset: int = 0
    size: int = 0
    children: dict[str, "Node"] = field(default_factory=dict)


def folder() -> Node:
    """Return an empty folder."""
    return Node(Entry.FOLDER, 0o755)


def add_layer(root: Node, blob: Blob, what: str) -> None:
    """Lay the archive in *blob* over *root*; *what* names it in errors."""
    found = [(parts, entry) for entry in entries(blob, what) if (parts := _parts(entry.name)) is not None]
    for parts, _ in found:
        if parts and parts[-1].startswith(_WHITEOUT):
            _white_out(root, parts)
    for parts, entry in found:
        if parts and not parts[-1].startswith(_WHITEOUT):
            _add(root, parts, entry, blob)


def _parts(name: str) -> tuple[str, ...] | None:
    """Return the parts of the name of an entry; None where it leads out, or too deep: nobody can have meant that."""
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    return None if ".." in parts or len(parts) > _DEEPEST else parts


def _white_out(root: Node, parts: tuple[str, ...]) -> None:
    """Take away what a layer says is gone: one name, or everything that lower layers have in a folder."""
    parent = find(root, parts[:-1])
    if parent is None or parent.kind is not Entry.FOLDER:
        return
    if parts[-1] == _OPAQUE:
        parent.children.clear()
    else:
        parent.children.pop(parts[-1].removeprefix(_WHITEOUT), None)


def _add(root: Node, parts: tuple[str, ...], entry: TarEntry, blob: Blob) -> None:
    parent = _parent(root, parts[:-1])
    if entry.kind == "link":
        target = _parts(entry.target)
        found = find(root, target) if target else None
        if found is not None and found.kind is not Entry.FOLDER:
            parent.children[parts[-1]] = found
        return
    kind = _KINDS[entry.kind]
    before = parent.children.get(parts[-1])
    if kind is Entry.FOLDER and before is not None and before.kind is Entry.FOLDER:
        return
    parent.children[parts[-1]] = Node(kind, entry.mode, entry.target, blob, entry.offset, entry.size)


def _parent(root: Node, parts: tuple[str, ...]) -> Node:
    """Return the folder at *parts*, links followed inside; what is missing, or no folder, becomes one."""
    found = find(root, parts)
    if found is not None and found.kind is Entry.FOLDER:
        return found
    here = root
    for index, part in enumerate(parts):
        ahead = find(root, parts[: index + 1])
        if ahead is None or ahead.kind is not Entry.FOLDER:
            ahead = here.children[part] = folder()
        here = ahead
    return here


def find(root: Node, parts: tuple[str, ...]) -> Node | None:
    """Return what is at *parts*, links followed inside *root*; None where nothing is."""
    ahead, links = list(reversed(parts)), 0
    way = [root]
    while ahead:
        part = ahead.pop()
        if part in ("", "."):
            continue
        if part == "..":
            del way[max(len(way) - 1, 1) :]
            continue
        node = way[-1].children.get(part)
        if node is None:
            return None
        if node.kind is Entry.LINK:
            links += 1
            if links > _MOST_LINKS:
                return None
            if node.target.startswith("/"):
                del way[1:]
            ahead += reversed(node.target.split("/"))
            continue
        way.append(node)
    return way[-1]


def files(root: Node) -> Iterator[tuple[str, Node]]:
    """Yield the path and the node of each regular file."""
    ahead = [("", root)]
    while ahead:
        path, node = ahead.pop()
        for name, child in node.children.items():
            if child.kind is Entry.FOLDER:
                ahead.append((f"{path}/{name}", child))
            elif child.kind is Entry.FILE:
                yield f"{path}/{name}", child
