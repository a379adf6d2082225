"""Real installers through ``index``, for a real Python on musl 1.2.2, where the newest wheels crash."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pip
import pytest
from tests.conftest import Miss
from tests.support import musl_python
from tests.support.cli import ROOT, Answer, musl_audit
from tests.support.indexes import Site, served, site_of
from tests.support.servers import CLIENTS
from tools.evidence.index_wheels import read_list

pytest.importorskip("httpx")

PROJECTS = ("numpy", "contourpy", "kiwisolver", "greenlet")
LOADING = "2.1.3 1.2.1 1.4.5 3.2.5"
NEWEST = "2.4.6 1.3.3 1.5.1 3.5.6"
QUICK = {"PIP_NO_COMPILE": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}  # numpy's modules take longer than all else
IMPORTS = f"import {', '.join(PROJECTS)}; print({', '.join(f'{name}.__version__' for name in PROJECTS)})"


@pytest.fixture
def python(miss: Miss) -> Path:
    """Return a real CPython on musl 1.2.2."""
    return musl_python.musl_python("1.2.2", miss)


@pytest.fixture
def mirror(miss: Miss) -> Iterator[Site]:
    """Return an index of old and new wheels of four projects."""
    wheels = [path for name in PROJECTS for path in read_list()[name].paths]
    if not all(path.exists() for path in wheels):
        miss("index")
    with served(site_of(wheels)) as site:
        yield site


def index(site: Site, folder: Path, python: Path, *arguments: str | Path, **variables: str) -> Answer:
    """Return what came of a command behind ``index``."""
    ours = {"MUSL_AUDIT_CACHE_DIR": str(folder / "cache"), "HOME": str(folder), "NETRC": "/dev/null", **QUICK}
    return musl_audit("index", "--index", site.index, "--on", python, *arguments, env={**ours, **variables}, cwd=folder)


def imported(python: Path, site: Path | None) -> subprocess.CompletedProcess[str]:
    return musl_python.run(python, "-c", IMPORTS, path=site)


@pytest.mark.parametrize(("options", "versions"), [((), LOADING), (("--repair",), NEWEST)], ids=["as-is", "mended"])
def test_what_pip_installs_can_be_imported(
    python: Path, mirror: Site, tmp_path: Path, options: tuple[str, ...], versions: str
) -> None:
    """pip resolves; what it is offered loads, or is mended and the newest."""
    (tools := tmp_path / "tools").mkdir()
    (tools / "pip").symlink_to(Path(pip.__file__).parent)
    install = (python, "-m", "pip", "install", "-q", "--no-cache-dir", "--root-user-action=ignore")
    where = ("--prefix", tmp_path / "prefix")
    answer = index(mirror, tmp_path, python, *options, "--", *install, *where, *PROJECTS, PYTHONPATH=str(tools))

    assert answer.code == 0, answer.stderr
    site = next((tmp_path / "prefix" / "lib").glob("python3*")) / "site-packages"
    run = imported(python, site)
    assert (run.returncode, run.stdout.strip()) == (0, versions)
    said = "offered mended for musl 1.2.2" if options else "left out for musl 1.2.2"
    assert answer.stderr.count(said) == len(PROJECTS)


def test_what_uv_installs_can_be_imported(python: Path, mirror: Site, tmp_path: Path, miss: Miss) -> None:
    """uv asks the same index by another variable."""
    if not (CLIENTS / "uv").exists():
        miss("clients")
    install = (CLIENTS / "uv", "pip", "install", "-q", "--no-cache", "--python", python, "--target", tmp_path / "site")
    answer = index(mirror, tmp_path, python, "--", *install, *PROJECTS)

    assert answer.code == 0, answer.stderr
    run = imported(python, tmp_path / "site")
    assert (run.returncode, run.stdout.strip()) == (0, LOADING)


def test_what_pdm_installs_can_be_imported(python: Path, mirror: Site, tmp_path: Path, miss: Miss) -> None:
    """pdm locks what the index offers, resolves contourpy's numpy, and installs it."""
    if not (CLIENTS / "pdm").exists():
        miss("clients")
    dependencies = ", ".join(f'"{name}"' for name in PROJECTS if name != "numpy")
    project = f'[project]\nname = "x"\nversion = "0"\nrequires-python = "==3.11.*"\ndependencies = [{dependencies}]\n'
    (tmp_path / "pyproject.toml").write_text(project)
    (tmp_path / "pdm.toml").write_text("[python]\nuse_venv = false\n")
    (tmp_path / ".pdm-python").write_text(str(python))
    answer = index(mirror, tmp_path, python, "--", CLIENTS / "pdm", "install", "-q", "--no-self", PDM_CHECK_UPDATE="0")

    assert answer.code == 0, answer.stderr
    run = imported(python, tmp_path / "__pypackages__" / "3.11" / "lib")
    assert (run.returncode, run.stdout.strip()) == (0, LOADING)


# poetry takes the tags of the Python that runs it for those of any environment on the same platform: so none is.
POETRY = (
    "import sysconfig; sysconfig.get_platform = lambda: 'another'; from poetry.console.application import main; main()"
)


def test_what_poetry_installs_can_be_imported(python: Path, mirror: Site, tmp_path: Path, miss: Miss) -> None:
    """poetry asks the index through its plug-in for mirrors, and locks what it offers, without naming it."""
    if not (CLIENTS / "poetry").exists():
        miss("clients")
    subprocess.run([python, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    dependencies = ", ".join(f'"{name}"' for name in PROJECTS if name != "numpy")
    project = f'[project]\nname = "x"\nversion = "0"\nrequires-python = "==3.11.*"\ndependencies = [{dependencies}]\n'
    (tmp_path / "pyproject.toml").write_text(f"{project}[tool.poetry]\npackage-mode = false\n")
    install = (CLIENTS / "python", "-c", POETRY, "install", "--no-interaction", "--no-cache")
    where = {"VIRTUAL_ENV": str(tmp_path / "venv"), "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    answer = index(mirror, tmp_path, python, "--", *install, **where)

    assert answer.code == 0, answer.stderr
    assert "127.0.0.1" not in (tmp_path / "poetry.lock").read_text()
    run = imported(tmp_path / "venv" / "bin" / "python", None)
    assert (run.returncode, run.stdout.strip()) == (0, LOADING)


def test_without_the_index_it_crashes(python: Path, mirror: Site, tmp_path: Path, miss: Miss) -> None:
    """What uv chooses by itself: the reason for all of this."""
    if not (CLIENTS / "uv").exists():
        miss("clients")
    where = ("--python", str(python), "--target", str(tmp_path / "site"))
    install = (str(CLIENTS / "uv"), "pip", "install", "-q", "--no-cache", *where)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "UV_DEFAULT_INDEX": mirror.index}
    subprocess.run([*install, "greenlet"], env=environment, check=True)

    assert musl_python.run(python, "-c", "import greenlet", path=tmp_path / "site").returncode == -11


PAGES = [ROOT / "docs" / "how-to" / name for name in ("which-version.md", "alpine-refuses-a-wheel.md")]
BLOCK = re.compile(r"```console\n\$ musl-audit ((?:which|index) [^\n]*)\n(.*?)```", re.DOTALL)
BLOCKS = dict(block for page in PAGES for block in BLOCK.findall(page.read_text()))


@pytest.fixture
def documented(miss: Miss) -> Iterator[Site]:
    """Return the index that the pages are about."""
    names = (*PROJECTS, "cryptography", "h5py")
    wheels = [path for name in names for path in read_list()[name].paths]
    if not all(path.exists() for path in wheels):
        miss("index")
    with served(site_of(wheels)) as site:
        yield site


@pytest.mark.parametrize("block", BLOCKS.items(), ids=list(BLOCKS))
def test_the_pages_show_what_is_printed(block: tuple[str, str], documented: Site, python: Path, tmp_path: Path) -> None:
    """Every command of the pages is run, and prints what stands there."""
    command, expected = block
    files = [next(iter(read_list()[name].paths)) for name in ("greenlet", "h5py")]
    rows = [
        f'[[package]]\nname = "{path.name.split("-")[0]}"\nversion = "{path.name.split("-")[1]}"\n'
        f'source = {{ registry = "{documented.index}" }}\n'
        f'wheels = [{{ url = "{documented.url}/files/{path.name}" }}]\n'
        for path in files
    ]
    (tmp_path / "uv.lock").write_text("".join(rows))
    (tools := tmp_path / "tools").mkdir()
    (tools / "pip").symlink_to(Path(pip.__file__).parent)
    install = f"{python} -m pip install --no-cache-dir --root-user-action=ignore --prefix {tmp_path / 'prefix'}"
    words = command.replace("-- pip install", f"-- {install}").split()
    variables = {
        "PIP_INDEX_URL": documented.index,
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_FIND_LINKS": "",
        "PYTHONPATH": str(tools) if "--" in words else "",
        "MUSL_AUDIT_CACHE_DIR": str(tmp_path / "cache"),
        "NETRC": "/dev/null",
        "COLUMNS": "80",
        **QUICK,
    }
    answer = musl_audit(*words, cwd=tmp_path, env=variables)

    said = [line for line in answer.stderr.splitlines(keepends=True) if line.startswith("musl-audit:")]
    assert answer.stdout + "".join(said) == expected
