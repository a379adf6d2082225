"""Packages that a distribution brought, without RECORD: a real package of Debian, and a database as apk writes it."""

import base64
import hashlib
import subprocess
from pathlib import Path

import pytest
from tests.conftest import Miss
from tests.support.cli import musl_audit
from tests.support.installations import module_of
from tests.support.musl_python import musl_python, run
from tests.support.roots import Root, alpine, musl_program

SITE = "usr/lib/python3.12/site-packages"
PACKAGE = "python3-markupsafe"


def packages(root: Path, *options: str) -> list[dict[str, object]]:
    """Return what is said about each package of the system at *root*."""
    answer = musl_audit("env", "--isolated", "--root", root, "--json", *options)
    installed = answer.json["installed"]
    assert isinstance(installed, dict)
    return [package for environment in installed["environments"] for package in environment["packages"]]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """Return a package of Debian as its mirror has it; None where apt knows none."""
    folder = tmp_path_factory.mktemp("debian")
    try:
        subprocess.run(["apt-get", "download", "-qq", PACKAGE], cwd=folder, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return next(folder.glob("*.deb"))


def test_a_package_of_debian_is_found_by_dpkgs_database(archive: Path | None, tmp_path: Path, miss: Miss) -> None:
    """dpkg itself unpacks it and writes its database; what is said is what the real Python for musl does with it."""
    if archive is None:
        miss("apt")
        return
    root = alpine(tmp_path / "root", "1.2.3").without("/usr/bin/python3.12", "/usr/bin/python3")
    real = musl_python("1.2.3", miss)
    root.file("/usr/bin/python3.11", musl_program()).link("/usr/bin/python3", "python3.11")
    root.library("/usr/lib/python3.11", soabi="cpython-311-x86_64-linux-musl")
    for name in ("info", "updates", "triggers"):
        root.file(f"/var/lib/dpkg/{name}/.keep", "")
    root.file("/var/lib/dpkg/status", "")
    force = "--force-not-root,depends,architecture,bad-path,script-chrootless"
    unpack: list[str | Path] = ["dpkg", f"--root={root.path}", force, "--unpack", archive]
    subprocess.run(unpack, check=True, capture_output=True)

    (package,) = packages(root.path)

    assert (package["name"], package["files_from"], package["binaries"]) == ("MarkupSafe", "database", 1)
    assert str(package["owner"]).startswith(f"pkg:deb/alpine/{PACKAGE}@2.1.2-1")
    # Its module is called as Debian's Python wants it; this one takes the source beside it.
    place = root.path / "usr/lib/python3/dist-packages"
    found = run(real, "-c", "import markupsafe; print(markupsafe.escape.__module__)", path=place)
    assert (package["loads"], found.returncode, found.stdout) == (True, 0, "markupsafe._native\n")


def record_of_apk(name: str, files: dict[str, bytes]) -> str:
    """Return what apk-tools writes of an installed package: fields of one letter, checksums, modes, folders."""
    lines = [f"C:{checksum(name.encode())}", f"P:{name}", "V:1.0-r3", "A:x86_64", "S:25012", "I:73728"]
    lines += ["T:A module with a colon: in its description", "U:https://demo.invalid/", "L:BSD-3-Clause", f"o:{name}"]
    lines += ["m:Somebody <somebody@demo.invalid>", "t:1715812345", "c:4024cc3b29ad4c65544ad068b8f59172b5494306"]
    lines += ["D:python3~3.12 so:libc.musl-x86_64.so.1", "p:py3.12:demo=1.0-r3"]
    folder = None
    for path, data in sorted(files.items()):
        above, _, base = path.rpartition("/")
        if above != folder:
            folder = above
            lines += [f"F:{above}", "M:0:0:755"]
        lines += [f"R:{base}", "a:0:0:755", f"Z:{checksum(data)}"]
    return "\n".join(lines) + "\n\n"


def checksum(data: bytes) -> str:
    """Return apk's name for a SHA-1."""
    return "Q1" + base64.b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()


MUSL_UTILS = """\
C:Q1bTtF5526tETKfL+lnigzIDvm+2o=
P:musl-utils
V:1.1.24-r2
A:x86_64
S:37944
I:151552
T:the musl c library (libc) implementation
U:https://musl.libc.org/
L:MIT BSD GPL2+
o:musl
D:scanelf so:libc.musl-x86_64.so.1
p:cmd:getconf cmd:getent cmd:iconv cmd:ldconfig cmd:ldd
r:libiconv
F:sbin
R:ldconfig
a:0:0:755
Z:Q1Kja2+POZKxEkUOZqwSjC6kmaED4=
F:usr
F:usr/bin
R:iconv
a:0:0:755
Z:Q1CVmFbdY+Hv6/jAHl1gec2Kbx1EY=

"""  # as Alpine 3.12 has it


def test_a_package_of_alpine_is_found_by_apks_database(tmp_path: Path) -> None:
    """Among others, with every field; the same from the tar of the root."""
    name, module = module_of("packed_relocations_x86_64")
    files = {
        f"{SITE}/{name}": module,
        f"{SITE}/demo-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n",
        f"{SITE}/demo-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nTag: cp312-cp312-linux_x86_64\n",
    }
    root: Root = alpine(tmp_path / "root", "1.2.3")
    for path, data in files.items():
        root.file(f"/{path}", data)
    root.file("/lib/apk/db/installed", MUSL_UTILS + record_of_apk("py3-demo", files))
    tar = tmp_path / "root.tar"
    subprocess.run(["tar", "-C", root.path, "-cf", tar, "."], check=True)

    (package,) = packages(root.path)

    assert (package["name"], package["files_from"], package["loads"]) == ("demo", "database", False)
    assert package["owner"] == "pkg:apk/alpine/py3-demo@1.0-r3?arch=x86_64"
    assert packages(tar) == [package]
    assert [found["name"] for found in packages(root.path, "--all")].count("py3-demo") == 0  # judged once
