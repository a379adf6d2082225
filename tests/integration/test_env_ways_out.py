"""Every way out that ``env`` prints leads out, and its line in a Dockerfile stops a build: run as they stand."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pip
import pytest
from tests.conftest import Miss
from tests.support.cli import ROOT, musl_audit
from tests.support.indexes import Site, served, site_of
from tests.support.musl_python import musl_python, run
from tools.evidence.index_wheels import read_list
from tools.evidence.real_wheels import install

pytest.importorskip("httpx")

PAGE = ROOT / "docs" / "how-to" / "alpine-refuses-a-wheel.md"


@pytest.fixture
def wheels(miss: Miss) -> list[Path]:
    """Return old and new wheels of greenlet; the newest crashes before musl 1.2.4."""
    paths = list(read_list()["greenlet"].paths)
    if not all(path.exists() for path in paths):
        miss("index")
    return paths


@pytest.fixture
def mirror(wheels: list[Path]) -> Iterator[Site]:
    """Return an index of them."""
    with served(site_of(wheels)) as site:
        yield site


@pytest.fixture
def target(wheels: list[Path], tmp_path: Path, miss: Miss) -> Path:
    """Return a folder of packages with the greenlet that crashes."""
    newest = next(path for path in wheels if "-3.5." in path.name)
    site = install([newest], musl_python("1.2.2", miss), tmp_path / "prefix")
    return Path(shutil.copytree(site, tmp_path / "target"))


def shell(command: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run *command* in *folder* as a shell does where musl-audit is at hand, and pip for every Python."""
    (tools := folder / "tools").mkdir(exist_ok=True)
    if not (tools / "pip").exists():
        (tools / "pip").symlink_to(Path(pip.__file__).parent)
    ours = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PYTHONPATH": str(tools),
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_ROOT_USER_ACTION": "ignore",
        "PIP_NO_CACHE_DIR": "1",
        "MUSL_AUDIT_CACHE_DIR": str(folder / "cache"),
        "HOME": str(folder),
    }
    return subprocess.run(
        ["/bin/sh", "-ec", command],
        cwd=folder,
        env={**ours, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def ways(target: Path, miss: Miss) -> dict[str, list[str]]:
    """Return the commands of each way out of what is broken in *target*, by its kind."""
    answer = musl_audit("env", musl_python("1.2.2", miss), "--isolated", "--path", target, "--json")
    installed = answer.json["installed"]
    assert isinstance(installed, dict)
    return {way["kind"]: way["commands"] for way in installed["environments"][0]["ways_out"]}


@pytest.mark.parametrize("kind", ["mend-installed", "mend-downloaded", "mend-served"])
def test_each_way_ends_with_an_import_that_works(
    kind: str, target: Path, mirror: Site, tmp_path: Path, miss: Miss
) -> None:
    """Mended of what is installed, on the way from an index, and by an index that mends."""
    python = musl_python("1.2.2", miss)
    assert run(python, "-c", "import greenlet", path=target).returncode == -11

    for command in ways(target, miss)[kind]:
        done = shell(command, tmp_path, PIP_INDEX_URL=mirror.index)
        assert done.returncode == command.startswith("musl-audit env "), done.stderr  # 1: it says that it is broken

    found = run(python, "-c", "import greenlet; print(greenlet.__version__)", path=target)
    assert (found.returncode, found.stdout) == (0, "3.5.6\n")
    assert musl_audit("env", python, "--isolated", "--path", target).code == 0


def test_the_other_version_that_is_asked_for_is_one_that_loads(
    target: Path, mirror: Site, tmp_path: Path, miss: Miss
) -> None:
    """The command of the last way names it; pip installs it; the import works."""
    (command,) = ways(target, miss)["other-version"]
    python = musl_python("1.2.2", miss)

    done = shell(command, tmp_path, PIP_INDEX_URL=mirror.index)
    version = re.search(r"greenlet: (\d[0-9.]*)", done.stdout)
    assert (done.returncode, version is not None) == (0, True), done.stdout + done.stderr
    assert version is not None
    again = f"{python} -m pip install --no-deps --upgrade --target {target} greenlet=={version[1]}"
    assert shell(again, tmp_path, PIP_INDEX_URL=mirror.index).returncode == 0

    assert run(python, "-c", "import greenlet", path=target).returncode == 0


def test_the_page_shows_what_is_printed(tmp_path: Path, miss: Miss) -> None:
    """The story of the page, with an environment on musl 1.2.2: the sentence, and every way out to the letter."""
    newest = [read_list()[name].paths[0] for name in ("contourpy", "greenlet", "kiwisolver", "numpy")]
    if not all(path.exists() for path in newest):
        miss("index")
    python = musl_python("1.2.2", miss)
    environment = tmp_path / "venv"
    (environment / "bin").mkdir(parents=True)
    (environment / "bin" / "python").symlink_to(python)
    (environment / "pyvenv.cfg").write_text(f"home = {python.parent}\n")
    install(newest, environment / "bin" / "python", tmp_path / "prefix")
    (environment / "lib").symlink_to(tmp_path / "prefix" / "lib")
    (block,) = re.findall(r"\$ python -m musl_audit env\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)

    answer = musl_audit("env", environment / "bin" / "python", "--isolated", env={"COLUMNS": "80"})

    said = answer.stdout.replace(str(environment), "/opt/venv").partition("\n\nThis system")[0]
    assert answer.code == 1
    assert " ".join(said.split()) == " ".join(block.replace(" (Alpine 3.14)", "").split())


# --- In a Dockerfile --------------------------------------------------------------------------------------------------


def recipe() -> list[str]:
    """Return the commands of the page's Dockerfile."""
    (block,) = re.findall(r"```dockerfile\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return re.findall(r"^RUN (.*)$", block, re.MULTILINE)


@pytest.mark.parametrize(("release", "code"), [("1.2.2", 1), ("1.2.5", 0)])
def test_the_line_in_a_dockerfile_stops_a_build_that_would_crash(
    release: str, code: int, mirror: Site, tmp_path: Path, miss: Miss
) -> None:
    """As far as no container is needed: the same shell, the same words, an environment in place of an image."""
    made, asked = recipe()
    environment = tmp_path / "image"
    (environment / "bin").mkdir(parents=True)
    python = musl_python(release, miss)
    (environment / "pyvenv.cfg").write_text(f"home = {python.parent}\n")
    (environment / "bin" / "python3").symlink_to(python)
    pip_there = f'#!/bin/sh\nexec {shlex.quote(str(environment / "bin" / "python3"))} -m pip "$@"\n'
    (environment / "bin" / "pip").write_text(pip_there)
    (environment / "bin" / "pip").chmod(0o755)
    tools = re.findall(r"python -m venv (\S+)", made)[0]
    (tmp_path / "requirements.txt").write_text("greenlet==3.5.6\n")

    line = asked.replace(f"{tools}/bin", str(Path(sys.executable).parent))
    path = f"{environment / 'bin'}:/usr/bin:/bin"
    done = shell(line, tmp_path, PIP_INDEX_URL=mirror.index, PATH=path)

    assert done.returncode == code, done.stdout + done.stderr
    assert ("greenlet 3.5.6 crashes at import here" in done.stdout) == bool(code)
