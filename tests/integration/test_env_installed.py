"""What is installed, judged where it lies, against the real CPython for musl: what is said is what an import does."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from tests.conftest import Miss
from tests.support.cli import SCHEMAS, Answer, musl_audit
from tests.support.images import docker_save, layer, oci_layout
from tests.support.musl_python import musl_python
from tests.support.roots import alpine
from tools.evidence.real_wheels import install, read_list, run

from musl_audit.elf import read_elf

SCHEMA = json.loads((SCHEMAS / "env.schema.json").read_text())
SEGFAULT = -11


@pytest.fixture
def site(tmp_path: Path, miss: Miss) -> Path:
    """Return a site-packages with the greenlet that crashes before musl 1.2.4, put there by pip."""
    wheel = read_list()["greenlet"].path
    if not wheel.exists():
        miss("real")
    return install([wheel], musl_python("1.2.2", miss), tmp_path / "prefix")


def env(release: str, site: Path, miss: Miss, *arguments: str | Path) -> Answer:
    """Return what is said about *site* under musl *release*."""
    return musl_audit("env", musl_python(release, miss), "--isolated", "--path", site, *arguments)


@pytest.mark.parametrize(("release", "code"), [("1.2.2", SEGFAULT), ("1.2.3", SEGFAULT), ("1.2.5", 0)])
def test_what_crashes_is_said_to_crash_and_what_works_to_load(release: str, code: int, site: Path, miss: Miss) -> None:
    """The first line, and the exit code."""
    answer = env(release, site, miss)
    done = run(musl_python(release, miss), "import greenlet", site)

    first = answer.stdout.splitlines()[0]
    assert done.returncode == code
    assert answer.code == (1 if code else 0)
    if code:
        assert first == f"greenlet 3.5.6 crashes at import here: it needs musl 1.2.4, this is {release}."
    else:
        assert first == "Nothing wrong found: 1 package, 5 binaries load."


def test_the_json_keeps_its_contract(site: Path, miss: Miss) -> None:
    """Names, reasons, files and ways out, for scripts."""
    answer = env("1.2.2", site, miss, "--json")

    Draft202012Validator(SCHEMA).validate(answer.json)
    installed = answer.json["installed"]
    assert isinstance(installed, dict)
    (environment,) = installed["environments"]
    (package,) = environment["packages"]
    assert (package["name"], package["loads"], package["required_musl"]) == ("greenlet", False, "1.2.4")
    assert {file["outcome"] for file in package["files"]} == {"crashes", "loads"}
    assert {finding["code"] for finding in package["findings"]} == {"MUSL401"}


def test_the_way_out_that_is_printed_leads_out(site: Path, tmp_path: Path, miss: Miss) -> None:
    """The commands, run as they stand: the import that crashed works."""
    python = musl_python("1.2.2", miss)
    target = tmp_path / "target"
    shutil.copytree(site, target)
    environments = musl_audit("env", python, "--isolated", "--path", target, "--json").json["installed"]
    assert isinstance(environments, dict)
    ways = environments["environments"][0]["ways_out"]
    (way,) = (way for way in ways if way["kind"] == "mend-installed")

    for command in way["commands"]:
        done = shell(command, tmp_path)
        assert done.returncode in (0, 1), done.stderr

    assert run(python, "import greenlet", target).returncode == 0
    assert env("1.2.2", target, miss).stdout.startswith("Nothing wrong found: 1 package")


def shell(command: str, directory: Path) -> subprocess.CompletedProcess[str]:
    """Run *command* in *directory* as a shell does where musl-audit and pip are at hand."""
    import pip

    tools = directory / "tools"
    tools.mkdir(exist_ok=True)
    if not (tools / "pip").exists():
        (tools / "pip").symlink_to(Path(pip.__file__).parent)
    here = shlex.quote(str(Path(sys.executable).parent))
    return subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=directory,
        env={"PATH": f"{here}:/usr/bin:/bin", "PYTHONPATH": str(tools), "PIP_NO_INDEX": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("form", ["sarif", "gitlab", "github", "junit", "csv", "html", "markdown"])
def test_every_format_of_check_names_the_package(form: str, site: Path, miss: Miss) -> None:
    """For the tools that read those."""
    answer = env("1.2.2", site, miss, "--format", form)

    assert answer.code == 1
    assert "greenlet" in answer.stdout
    assert "MUSL401" in answer.stdout
    if form in ("sarif", "gitlab"):
        json.loads(answer.stdout)


# --- Systems that are not running -------------------------------------------------------------------------------------


def alpine_root(path: Path, python: Path, site: Path) -> Path:
    """Return a root as Alpine 3.14's, with the real CPython in /opt/python and *site* as its site-packages."""
    root = alpine(path / "root", "1.2.2").without("/usr/bin/python3.12", "/usr/bin/python3").path
    (root / "usr/lib/os-release").write_text('ID=alpine\nVERSION_ID=3.14.2\nPRETTY_NAME="Alpine Linux v3.14"\n')
    shutil.copytree(python.parents[1], root / "opt/python", copy_function=linked, symlinks=True)
    loader = Path(read_elf(python.read_bytes(), "python").interpreter or "")
    (root / loader.relative_to("/")).parent.mkdir(parents=True)
    shutil.copy2(loader, root / loader.relative_to("/"))
    for name in ("python3.11-1.2.3", "python3.11-1.2.5", "python3.11"):
        (root / "opt/python/bin" / name).unlink()
    (root / "opt/python/bin/python3.11-1.2.2").rename(root / "opt/python/bin/python3.11")
    shutil.copytree(site, root / "opt/python/lib/python3.11/site-packages", dirs_exist_ok=True)
    return root


def linked(source: str, target: str) -> None:
    """Copy a file, without its bytes where both lie on one file system."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def about_installed(root: Path) -> dict[str, object]:
    """Return what is said of what is installed in *root*."""
    answer = musl_audit("env", "--isolated", "--json", "--root", root)
    Draft202012Validator(SCHEMA).validate(answer.json)
    assert answer.code == 1
    found = answer.json["installed"]
    assert isinstance(found, dict)
    for environment in found["environments"]:
        del environment["ways_out"]  # commands that name the root
    return found


def test_a_root_its_tar_and_its_images_are_told_the_same(site: Path, tmp_path: Path, miss: Miss) -> None:
    """And it is what happens there."""
    root = alpine_root(tmp_path, musl_python("1.2.2", miss), site)
    data = layer(root)
    (tmp_path / "root.tar").write_bytes(data)
    images = [
        tmp_path / "root.tar",
        docker_save([data], tmp_path / "saved.tar"),
        oci_layout([data], tmp_path / "layout"),
    ]

    said = about_installed(root)
    assert [about_installed(image) for image in images] == [said] * 3
    sentence = "greenlet 3.5.6 crashes at import here: it needs musl 1.2.4, this is 1.2.2 (Alpine 3.14)."
    assert said["verdict"] == [sentence]
    if os.geteuid() == 0:
        inside = ["chroot", str(root), "/opt/python/bin/python3.11", "-c", "import greenlet"]
        assert subprocess.run(inside, check=False).returncode == SEGFAULT


def test_wheels_can_be_made_of_an_image(site: Path, tmp_path: Path, miss: Miss) -> None:
    """Out of the archive, and what comes of it is mended."""
    root = alpine_root(tmp_path, musl_python("1.2.2", miss), site)
    (tmp_path / "root.tar").write_bytes(layer(root))

    musl_audit("env", "--isolated", "--root", tmp_path / "root.tar", "--wheels", tmp_path / "wheels")
    (made,) = (tmp_path / "wheels").glob("*.whl")

    assert made.name == read_list()["greenlet"].path.name
    assert musl_audit("repair", "-w", tmp_path / "mended", made).code == 0
