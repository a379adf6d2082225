"""What was grafted is listed in the wheel: PEP 770, CycloneDX, and the same bytes every time."""

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from tests.support.cli import environment, wheel
from tests.support.repairs import graftee, repaired, sysroot
from tests.support.testwheels import manifest

SBOM = "graftee-1.0.dist-info/sboms/musl-audit.cdx.json"
APK = """\
C:Q1abc=
P:libouter++
V:1.2.3_git20240309-r4
A:x86_64
L:Zlib AND MIT
F:usr/lib
R:libouter.so.1
a:0:0:777
R:libouter.so.1.2
Z:Q1def=

P:libside
V:2.0-r0
A:x86_64
F:usr/lib
R:libside.so
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return sysroot(tmp_path / "root")


def document(result: Path, member: str = SBOM) -> dict[str, Any]:
    with zipfile.ZipFile(result) as archive:
        value: dict[str, Any] = json.loads(archive.read(member))
        return value


def components(result: Path) -> dict[str, Any]:
    """Return the components by the soname that was needed."""
    rows = document(result)["components"]
    return {
        next(row["value"] for row in component["properties"] if row["name"] == "musl-audit:soname"): component
        for component in rows
    }


def test_it_is_valid(root: Path, tmp_path: Path) -> None:
    """By the schema that the library of CycloneDX brings, strictly; with every kind of component."""
    (root / "lib/apk/db").mkdir(parents=True)
    (root / "lib/apk/db/installed").write_text(APK)

    result = repaired(graftee(), tmp_path / "out", "--sysroot", root, SOURCE_DATE_EPOCH="1700000000")

    with zipfile.ZipFile(result) as archive:
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(archive.read(SBOM).decode()) is None


def test_there_is_a_component_even_without_a_database(root: Path, tmp_path: Path) -> None:
    """The file's own name, its digest, and where it lies in the wheel."""
    result = repaired(graftee(), tmp_path / "out", "--sysroot", root)

    found = components(result)
    digest = hashlib.sha256((root / "usr/lib/libouter.so.1.2").read_bytes()).hexdigest()
    assert set(found) == {"libouter.so.1", "libmiddle.so.2", "libside.so", "libinner.so.3"}
    outer = found["libouter.so.1"]
    assert (outer["name"], outer["version"], outer.get("purl")) == ("outer", "1.2", None)
    assert {"name": "musl-audit:guessed", "value": "name and version, from the file name"} in outer["properties"]
    assert found["libouter.so.1"]["hashes"] == [{"alg": "SHA-256", "content": digest}]
    assert all(component["bom-ref"] in zipfile.ZipFile(result).namelist() for component in found.values())


def test_apks_database_tells_name_version_and_url(root: Path, tmp_path: Path) -> None:
    """Of what it lists; names are quoted as package URLs want them."""
    (root / "lib/apk/db").mkdir(parents=True)
    (root / "lib/apk/db/installed").write_text(APK)
    (root / "etc").mkdir()
    (root / "etc/os-release").write_text('NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.18.4\n')

    found = components(repaired(graftee(), tmp_path / "out", "--sysroot", root))

    outer = found["libouter.so.1"]
    assert (outer["name"], outer["version"]) == ("libouter++", "1.2.3_git20240309-r4")
    url = "pkg:apk/alpine/libouter%2B%2B@1.2.3_git20240309-r4?arch=x86_64&distro=alpine-3.18.4"
    assert outer["purl"].upper() == url.upper()
    assert outer["licenses"] == [{"expression": "Zlib AND MIT"}]
    assert found["libside.so"]["purl"] == "pkg:apk/alpine/libside@2.0-r0?arch=x86_64&distro=alpine-3.18.4"
    assert "licenses" not in found["libside.so"]
    assert "purl" not in found["libinner.so.3"]


def test_dpkgs_database_does_so_too(root: Path, tmp_path: Path) -> None:
    """Lists may name the file as before the merge of ``/usr``, and versions have an epoch."""
    (root / "var/lib/dpkg/info").mkdir(parents=True)
    (root / "var/lib/dpkg/info/libouter1:amd64.list").write_text("/.\n/lib\n/lib/libouter.so.1.2\n")
    (root / "usr/share/doc/libouter1").mkdir(parents=True)
    (root / "usr/share/doc/libouter1/copyright").write_text("Format: x\n\nFiles: *\nLicense: zlib and more\n")
    (root / "var/lib/dpkg/status").write_text(
        "Package: other\nVersion: 1\n\n"
        "Package: libouter1\nArchitecture: amd64\nVersion: 1:1.2+dfsg-3\nDescription: x\n y\n"
    )

    found = components(repaired(graftee(), tmp_path / "out", "--sysroot", root))

    assert found["libouter.so.1"]["purl"].upper() == "pkg:deb/debian/libouter1@1:1.2%2Bdfsg-3?arch=amd64".upper()
    assert found["libouter.so.1"]["version"] == "1:1.2+dfsg-3"
    assert found["libouter.so.1"]["licenses"] == [{"license": {"name": "zlib and more"}}]


@pytest.mark.parametrize("text", ["\0\xff", "P:\nV:\n{files}", "P:a/b%zz\nV:1 2\n{files}", "F\nR:x\nP:\x1b\nV:\ud800"])
def test_a_database_of_rubbish_is_no_obstacle(text: str, root: Path, tmp_path: Path) -> None:
    """It is data of somebody else's."""
    (root / "lib/apk/db").mkdir(parents=True)
    files = "F:usr/lib\nR:libouter.so.1.2\n"
    (root / "lib/apk/db/installed").write_text(text.format(files=files), errors="surrogatepass")

    result = repaired(graftee(), tmp_path / "out", "--sysroot", root)

    with zipfile.ZipFile(result) as archive:
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(archive.read(SBOM).decode()) is None


def test_the_time_is_that_of_the_source_or_none(root: Path, tmp_path: Path) -> None:
    """And the serial number follows from the content."""
    without = document(repaired(graftee(), tmp_path / "one", "--sysroot", root))
    with_one = document(repaired(graftee(), tmp_path / "two", "--sysroot", root, SOURCE_DATE_EPOCH="0"))

    assert "timestamp" not in without["metadata"]
    assert with_one["metadata"]["timestamp"] == "1970-01-01T00:00:00+00:00"
    assert without["serialNumber"] == with_one["serialNumber"]


def test_two_runs_are_one_list(root: Path, tmp_path: Path) -> None:
    """Each component once, under the name that the wheel has now, and valid; the same two runs, the same bytes."""
    first = repaired(
        graftee(), tmp_path / "first", "--sysroot", root, "--plat", "linux_x86_64", "--exclude", "libside.so"
    )

    second = repaired(first, tmp_path / "second", "--sysroot", root)
    again = repaired(first, tmp_path / "again", "--sysroot", root)

    with zipfile.ZipFile(second) as archive:
        text = archive.read(SBOM)
        assert [name for name in archive.namelist() if "/sboms/" in name] == [SBOM]
    assert text == zipfile.ZipFile(again).read(SBOM)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text.decode()) is None
    names = [component["name"] for component in document(second)["components"]]
    assert sorted(set(names)) == sorted(names)
    assert {"outer", "inner", "side"} <= set(names)
    refs = {component["bom-ref"] for component in document(second)["components"]} | {second.name}
    rows = document(second)["dependencies"]
    assert {row["ref"] for row in rows} == refs
    assert {needed for row in rows for needed in row.get("dependsOn", ())} <= refs


def test_sboms_of_others_are_kept(root: Path, tmp_path: Path) -> None:
    """Even under the name of ours: this run has a file of its own."""
    source = tmp_path / graftee().name
    shutil.copyfile(graftee(), source)
    with zipfile.ZipFile(source, "a") as archive:
        archive.writestr(SBOM, "{}")
        archive.writestr("graftee-1.0.dist-info/sboms/other.spdx.json", "{}")

    result = repaired(source, tmp_path / "out", "--sysroot", root)

    with zipfile.ZipFile(result) as archive:
        sboms = sorted(name for name in archive.namelist() if "/sboms/" in name)
        assert archive.read(SBOM) == b"{}"
    ours = ["musl-audit-2.cdx.json", "musl-audit.cdx.json"]
    assert [name.rpartition("/")[2] for name in sboms] == [*ours, "other.spdx.json"]


@pytest.mark.parametrize("name", ["missing_qsort_r", "missing_symbol_in_program", "initial_exec_exported"])
def test_what_is_added_without_a_graft_is_listed_validly(name: str, tmp_path: Path) -> None:
    """Polyfills and rewritten files, by the same schema; no library of CycloneDX is needed for it."""
    source = wheel(name)
    program = "import sys\nfrom musl_audit.cli import main\nmain(sys.argv[1:])\nsys.exit('cyclonedx' in sys.modules)"
    command = [sys.executable, "-c", program, "repair", "-w", str(tmp_path), str(source)]
    subprocess.run(command, capture_output=True, check=True, env=environment())

    with zipfile.ZipFile(tmp_path / source.name) as archive:
        text = archive.read(f"{name}-1.0.dist-info/sboms/musl-audit.cdx.json").decode()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_a_file_whose_code_was_rewritten_is_named(tmp_path: Path) -> None:
    """Under the name that it has in the result, though nothing was grafted; a second repair adds nothing."""
    wheel = manifest()["initial_exec_exported"].path
    once = repaired(wheel, tmp_path / "once")
    sbom = document(once, "initial_exec_exported-1.0.dist-info/sboms/musl-audit.cdx.json")

    properties = {one["name"]: one["value"] for one in sbom["metadata"]["component"]["properties"]}
    with zipfile.ZipFile(once) as archive:
        assert properties["musl-audit:rewritten-thread-locals"] in archive.namelist()
    assert repaired(once, tmp_path / "twice").read_bytes() == once.read_bytes()


def test_it_says_who_made_it_what_it_is_about_and_who_needs_whom(root: Path, tmp_path: Path) -> None:
    """The tool and its version; the wheel's own URL; edges from NEEDED."""
    found = document(repaired(graftee(), tmp_path / "out", "--sysroot", root))

    def short(name: str) -> str:
        return name.rpartition("/")[2].partition("-")[0]

    edges = {short(row["ref"]): sorted(map(short, row.get("dependsOn", []))) for row in found["dependencies"]}
    assert found["metadata"]["tools"]["components"][0]["name"] == "musl-audit"
    assert found["metadata"]["component"]["purl"].startswith("pkg:pypi/graftee@1.0?file_name=graftee-1.0-cp311")
    assert edges == {
        "graftee": ["libouter"],
        "libouter": ["libmiddle", "libside"],
        "libmiddle": ["libinner"],
        "libside": ["libinner"],
        "libinner": [],
    }


def test_the_same_bytes_wherever_the_libraries_lie(tmp_path: Path) -> None:
    """Two directories, two users, one source date: identical files, and no path of the machine in them."""
    wheels = []
    for user in ("one", "two"):
        root = sysroot(tmp_path / user / "deep" / "root")
        libraries = f"{root}/usr/lib:{root}/usr/lib/inside"
        environment = {
            "SOURCE_DATE_EPOCH": "1700000000",
            "HOME": f"/home/{user}",
            "USER": user,
            "TMPDIR": str(tmp_path),
        }
        wheels.append(repaired(graftee(), tmp_path / f"out-{user}", "--ldpaths", libraries, **environment))

    assert wheels[0].read_bytes() == wheels[1].read_bytes()
    with zipfile.ZipFile(wheels[0]) as archive:
        assert str(tmp_path) not in "".join(archive.read(name).decode("latin-1") for name in archive.namelist())
