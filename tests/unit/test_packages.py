"""Which package a file belongs to."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from musl_audit.adapters.packages import Packages
from musl_audit.adapters.tree import Tree

APK = """\
P:musl
V:1.2.5-r0
A:x86_64
F:lib
R:ld-musl-x86_64.so.1
F:usr/lib
R:libfoo.so.1

P:none
V:
F:usr/lib
R:libbar.so
"""


def packages(root: Path, **files: str) -> Packages:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, errors="surrogatepass")
    return Packages(Tree(str(root)))


def test_apk(tmp_path: Path) -> None:
    """Name, version, architecture, and the distribution that /etc/os-release names."""
    found = packages(tmp_path, lib__apk__db__installed=APK, **{"etc__os-release": 'ID="chimera"\n'})

    assert found.owner_of("/usr/lib/libfoo.so.1") == "pkg:apk/chimera/musl@1.2.5-r0?arch=x86_64"
    assert found.owner_of("/lib/libfoo.so.1") == "pkg:apk/chimera/musl@1.2.5-r0?arch=x86_64"
    assert found.owner_of("/usr/lib/libbar.so") is None
    assert found.owner_of("/usr/lib/other") is None


def test_apks_database_in_its_newer_place(tmp_path: Path) -> None:
    """Below /usr since the merge."""
    found = packages(tmp_path, usr__lib__apk__db__installed=APK)

    assert found.owner_of("/usr/lib/ld-musl-x86_64.so.1") == "pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64"


def test_dpkg(tmp_path: Path) -> None:
    """The list of files names the package, status its version."""
    found = packages(
        tmp_path,
        var__lib__dpkg__status="Package: libfoo1\nArchitecture: arm64\nVersion: 2:1~rc1\n",
        **{"var__lib__dpkg__info__libfoo1:arm64.list": "/.\n/usr\n/usr/lib/libfoo.so.1\n"},
    )

    assert found.owner_of("/usr/lib/libfoo.so.1") == "pkg:deb/debian/libfoo1@2:1~rc1?arch=arm64"
    assert found.owner_of("/usr/lib/libfoo.so") is None


def test_no_database(tmp_path: Path) -> None:
    """Nobody says."""
    assert packages(tmp_path).owner_of("/usr/lib/libfoo.so.1") is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.text(), st.text())
def test_any_database_is_read(tmp_path: Path, apk: str, status: str) -> None:
    """What is in it is somebody else's business."""
    files = {"var__lib__dpkg__info__x.list": "/usr/lib/x\n", "var__lib__dpkg__status": f"Package: x\n{status}"}
    found = packages(tmp_path, lib__apk__db__installed=f"P:y\n{apk}\nF:usr/lib\nR:y", **files)

    assert all(url is None or url.startswith("pkg:") for url in map(found.owner_of, ("/usr/lib/x", "/usr/lib/y")))
