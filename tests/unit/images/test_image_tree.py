"""Images as trees: what a folder says, an image of it says, and nothing in it leads out."""

import gzip
import io
import os
import tarfile
from array import array
from pathlib import Path

import pytest
from tests.support.images import archive, docker_save, entry, layer, oci_archive, oci_layout

from musl_audit.adapters.images.blobs import FileBlob, GzipBlob
from musl_audit.adapters.images.tree import ImageTree, open_tree
from musl_audit.adapters.tree import Entry, PathError, Tree


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a root with files, folders and links."""
    top = tmp_path / "root"
    (top / "usr/bin").mkdir(parents=True)
    (top / "usr/bin/tool").write_bytes(b"\x7fELF tool")
    (top / "usr/bin/tool").chmod(0o755)
    (top / "bin").symlink_to("usr/bin")
    (top / "etc").mkdir()
    (top / "etc/os-release").symlink_to("/usr/lib/os-release")
    (top / "usr/lib").mkdir()
    (top / "usr/lib/os-release").write_text("ID=demo\n")
    (top / "usr/lib" / ("long" * 40)).write_text("long name")
    os.link(top / "usr/bin/tool", top / "usr/bin/twin")
    return top


def written(data: bytes, path: Path) -> Path:
    """Write *data* and return where."""
    path.write_bytes(data)
    return path


def images(root: Path, folder: Path) -> dict[str, Path]:
    """Return *root* as an image of every kind."""
    data = layer(root)
    return {
        "tar": written(data, folder / "root.tar"),
        "gzip": written(gzip.compress(data), folder / "root.tar.gz"),
        "two members": written(gzip.compress(data[:777]) + gzip.compress(data[777:]), folder / "two.tar.gz"),
        "docker": docker_save([data], folder / "docker.tar"),
        "docker, compressed": written(
            gzip.compress(docker_save([data], folder / "x").read_bytes()), folder / "docker.tar.gz"
        ),
        "layout": oci_layout([data], folder / "layout"),
        "archive": oci_archive([data], folder / "oci.tar"),
    }


def contents(tree: Tree, path: str, beginning: bytes) -> bytes | None:
    """Return the bytes of a file that begins so."""
    with tree.contents_if(tree.resolve(path), beginning, most=100) as found:
        return found if found is None or isinstance(found, bytes) else bytes(found.bytes_at(0, len(found)))


KINDS = ("tar", "gzip", "two members", "docker", "docker, compressed", "layout", "archive")


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_says_what_its_root_says(kind: str, root: Path, tmp_path: Path) -> None:
    """Bytes, links, names, kinds and permissions."""
    ours, theirs = open_tree(str(images(root, tmp_path)[kind])), Tree(str(root))
    paths = ["/", "/usr/bin", "/bin", "/bin/tool", "/usr/bin/twin", "/etc/os-release", "/usr/lib/" + "long" * 40]

    assert isinstance(ours, ImageTree)
    for path in paths:
        assert ours.resolve(path) == theirs.resolve(path)
        assert (ours.is_folder(path), ours.is_program(path)) == (theirs.is_folder(path), theirs.is_program(path))
        assert list(ours.names(path)) == list(theirs.names(path))
        assert ours.entries(ours.resolve(path)) == theirs.entries(theirs.resolve(path))
    for path in paths[3:]:
        assert ours.read(path, most=100) == theirs.read(path, most=100)
        for beginning in (b"\x7fELF", theirs.read(path, most=100)[:4]):
            assert contents(ours, path, beginning) == contents(theirs, path, beginning)


def test_a_later_layer_hides_and_takes_away(tmp_path: Path) -> None:
    """Whiteouts of one name and of a whole folder, a file in place of a folder, and a file through a link."""
    first = archive(
        [
            (entry("a/one"), b"1"),
            (entry("a/two"), b"2"),
            (entry("b/three"), b"3"),
            (entry("c/four"), b"4"),
            (entry("lib", kind=tarfile.SYMTYPE, target="usr/lib"), b""),
            (entry("usr/lib/", kind=tarfile.DIRTYPE), b""),
        ]
    )
    second = archive(
        [
            (entry("a/.wh.one"), b""),
            (entry("b/new"), b"5"),
            (entry("b/.wh..wh..opq"), b""),
            (entry("c"), b"a file now"),
            (entry("lib/through"), b"6"),
        ]
    )
    tree = open_tree(str(docker_save([first, second], tmp_path / "image.tar")))

    assert list(tree.names("/a")) == ["two"]
    assert list(tree.names("/b")) == ["new"]
    assert tree.read("/c", most=100) == b"a file now"
    assert tree.read("/usr/lib/through", most=100) == b"6"


def test_what_leads_out_leads_nowhere(tmp_path: Path) -> None:
    """Names and targets with `..`, absolute links, hard links to what is not there, devices: of the host, nothing."""
    data = archive(
        [
            (entry("../outside"), b"x"),
            (entry("a/../../outside"), b"x"),
            (entry("/etc/absolute"), b"inside"),
            (entry("shadow", kind=tarfile.SYMTYPE, target="/etc/passwd"), b""),
            (entry("up", kind=tarfile.SYMTYPE, target="../../../../etc/passwd"), b""),
            (entry("hard", kind=tarfile.LNKTYPE, target="/etc/passwd"), b""),
            (entry("null", kind=tarfile.CHRTYPE), b""),
            (entry("pipe", kind=tarfile.FIFOTYPE), b""),
            (entry("loop", kind=tarfile.SYMTYPE, target="loop"), b""),
        ]
    )
    tree = open_tree(str(written(data, tmp_path / "root.tar")))

    assert tree.read("/etc/absolute", most=10) == b"inside"
    assert sorted(tree.entries("/")) == ["etc", "loop", "null", "pipe", "shadow", "up"]
    assert tree.entries("/")["null"] is Entry.OTHER
    for path in ("/shadow", "/up", "/hard", "/null", "/pipe", "/loop", "/outside"):
        with pytest.raises(PathError):
            tree.read(path, most=1 << 20)


def huge(size: int) -> bytes:
    """Return a header that promises *size* bytes which are not there."""
    info = tarfile.TarInfo("usr/bin/tool")
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"text, and no archive" * 100, "not an archive"),
        (huge(1 << 40), "ends within 'usr/bin/tool'"),
        (huge(100)[:300], "not an archive"),
        (gzip.compress(b"x" * 5000, mtime=0)[:-20], "damaged"),
        (gzip.compress(b"x" * 5000, mtime=0), "not an archive"),
        (b"\x28\xb5\x2f\xfd" + b"x" * 600, "compressed with zstd"),
        (archive([(entry("manifest.json"), b"[]")]), "names no image"),
        (archive([(entry("manifest.json"), b"{")]), "is no JSON"),
        (archive([(entry("manifest.json"), b'[{"Layers": ["gone"]}]')]), "the layer gone is not in it"),
        (archive([(entry("manifest.json"), b'[{"Layers": []}, {"Layers": []}]')]), "holds 2 images"),
        (archive([(entry("oci-layout"), b"{}"), (entry("index.json"), b'{"manifests": []}')]), "no image for Linux"),
        (
            archive([(entry("oci-layout"), b"{}"), (entry("index.json"), b'{"layers": [{"digest": "../x"}]}')]),
            "a digest that is none",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # bytes have the time in them
)
def test_a_damaged_image_is_one_sentence(data: bytes, said: str, tmp_path: Path) -> None:
    """No traceback, and nothing that was promised is allocated."""
    with pytest.raises(PathError, match=said):
        open_tree(str(written(data, tmp_path / "image.tar")))


def test_compressed_bytes_are_read_anywhere(tmp_path: Path) -> None:
    """Forwards, backwards, across the places from which reading begins, and beyond the end."""
    content = array("I", range(9 << 20)).tobytes()  # 36 MiB
    blob = GzipBlob(FileBlob(str(written(gzip.compress(content, 1), tmp_path / "data.gz"))), "data")

    for offset in (0, 35 << 20, 100, 17 << 20, (16 << 20) - 3, len(content) - 5, 1 << 20, 1 << 20):
        assert blob.read_at(offset, 4096) == content[offset : offset + 4096]
    assert blob.read_at(len(content), 10) == b""


def test_names_of_any_length_are_read(tmp_path: Path) -> None:
    """In GNU's way and in that of POSIX; also what is not UTF-8."""
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        file = io.BytesIO()
        name = "/".join(["folder" * 5] * 12) + "/caf\udce9"
        with tarfile.open(fileobj=file, mode="w", format=form, errors="surrogateescape") as made:
            info = entry(name)
            info.size = 3
            made.addfile(info, io.BytesIO(b"abc"))
            made.addfile(entry("link", kind=tarfile.SYMTYPE, target=name))
        tree = open_tree(str(written(file.getvalue(), tmp_path / f"{form}.tar")))

        assert tree.read("/link", most=10) == b"abc"
