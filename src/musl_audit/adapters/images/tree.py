"""An image as a tree of files: what ``adapters.tree.Tree`` is for a folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from musl_audit.adapters.images.layers import Node, add_layer, folder
from musl_audit.adapters.images.layouts import is_layout, layers_of
from musl_audit.adapters.tree import Entry, PathError, Tree

_WORDS = {Entry.FOLDER: "a directory", Entry.OTHER: "a device, a pipe or a socket", Entry.LINK: "a symbolic link"}


def open_tree(root: str) -> Tree:
    """Return the system at *root*: a folder, or an image in a file or in a layout; raise ``PathError``."""
    if Path(root).is_dir():
        return ImageTree(root) if is_layout(root) else Tree(root)
    if not Path(root).exists():
        raise PathError(f"{root}: does not exist")
    if not Path(root).is_file():
        raise PathError(f"{root}: neither a directory nor a file")
    return ImageTree(root)


class ImageTree(Tree):
    """The files of an image; their bytes are read from the archive when they are asked for."""

    def __init__(self, path: str) -> None:
        self.name = path
        self.root = path
        self._top = folder()
        try:
            for what, blob in layers_of(path):
                add_layer(self._top, blob, what)
        except OSError as error:
            raise PathError(f"{path}: {error.strerror}") from error

    def __reduce__(self) -> tuple[type["ImageTree"], tuple[str]]:
        return ImageTree, (self.name,)

    @property
    def is_host(self) -> bool:
        """Never."""
        return False

    def place(self, path: str) -> str:
        """Nothing of an image lies on this machine."""
        raise PathError(f"{path}: lies in an image")

    def _link(self, here: str, path: str, links: list[tuple[str, str]]) -> str | None:
        node = self._node(here)
        if node is not None:
            return node.target if node.kind is Entry.LINK else None
        if links:
            link, target = links[-1]
            raise PathError(f"{path}: broken symbolic link: {link} → {target}, and {here} does not exist")
        raise PathError(f"{path}: does not exist" if here == path else f"{path}: {here} does not exist")

    def _node(self, path: str) -> Node | None:
        """Return what is at *path*, whose folders are no links."""
        node = self._top
        for part in path.split("/"):
            if part:
                found = node.children.get(part)
                if found is None:
                    return None
                node = found
        return node

    def _file(self, path: str, most: int) -> Node:
        node = self._node(path)
        if node is None or node.kind is not Entry.FILE:
            raise PathError(f"{path}: {_WORDS[node.kind]}, not a file" if node else f"{path}: does not exist")
        if node.size > most:
            raise PathError(f"{path}: has {node.size} bytes, more than {most}")
        return node

    def read(self, path: str, *, most: int) -> bytes:
        """Return the bytes of the regular file at *path*; raise ``PathError`` for anything else and for too many."""
        found = self.resolve(path)
        node = self._file(found, most)
        data = node.blob.read_at(node.offset, node.size) if node.blob is not None else b""
        if len(data) != node.size:
            raise PathError(f"{path}: the archive ends within it")
        return data

    @contextmanager
    def contents_if(self, path: str, beginning: bytes, *, most: int) -> Iterator[bytes | None]:
        """Yield the bytes of the file at *path*, resolved before, if it begins with *beginning*; else None."""
        node = self._node(path)
        if node is None or node.kind is not Entry.FILE or node.blob is None or node.size < len(beginning):
            yield None
            return
        begins = node.blob.read_at(node.offset, len(beginning)) == beginning
        yield self.read(path, most=most) if begins else None  # whole: an archive may have to be read in any case

    def is_program(self, path: str) -> bool:
        """Whether *path* leads to a regular file that may be executed."""
        try:
            node = self._node(self.resolve(path))
        except PathError:
            return False
        return node is not None and node.kind is Entry.FILE and bool(node.mode & 0o111)

    def is_folder(self, path: str) -> bool:
        """Whether *path* leads to a directory."""
        try:
            node = self._node(self.resolve(path))
        except PathError:
            return False
        return node is not None and node.kind is Entry.FOLDER

    def entries(self, folder: str) -> dict[str, Entry]:
        """Return what is in *folder*, resolved before, by name; empty where it is no directory."""
        node = self._node(folder)
        return {name: child.kind for name, child in node.children.items()} if node is not None else {}

    def names(self, path: str) -> Iterator[str]:
        """Yield the names in a directory, sorted; none where there is no such directory."""
        try:
            yield from sorted(self.entries(self.resolve(path)))
        except PathError:
            return
