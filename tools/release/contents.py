"""What must be in the distributions, what must not, and what other tools say of them."""

import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from tools.release.building import ReleaseError, run

_UNWANTED = ("tests", "tools", "testwheels", ".cache", "build", ".git", "__pycache__", ".venv")
_SCRIPTS = Path(sys.executable).parent


def names_in(path: Path) -> list[str]:
    """Return the names of the files in an archive, those of an sdist without its folder."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            return sorted(wheel.namelist())
    with tarfile.open(path) as sdist:
        return sorted(member.name.partition("/")[2] for member in sdist if member.isfile())


def faults(tree: Path, project: str, path: Path) -> Iterator[str]:
    """Yield what is missing from, or should not be in, a distribution of the sources in *tree*."""
    names = set(names_in(path))
    for name in sorted(names):
        if set(name.split("/")) & set(_UNWANTED):
            yield f"{path.name} has {name}"
    for name in sorted(wanted(tree, project, is_wheel=path.suffix == ".whl") - names):
        yield f"{path.name} lacks {name}"


def wanted(tree: Path, project: str, *, is_wheel: bool) -> set[str]:
    """Return the files that a distribution must have: code, policies with schemas, polyfills, the licence."""
    if project != "musl-audit":
        package = project.replace("-", "_")
        return {f"{package}/__init__.py"} if is_wheel else {"pyproject.toml", "LICENSE", f"src/{package}/__init__.py"}
    source, policies, built = tree / "src", tree / "policies", tree / "polyfills" / "built"
    files = (path for path in source.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    code = {path.relative_to(source).as_posix() for path in files}
    data = {path.relative_to(policies).as_posix() for path in policies.rglob("*.json")}
    libraries = {path.relative_to(built).as_posix() for path in built.rglob("*") if path.is_file()}
    if is_wheel:
        return {*code, *(f"musl_audit/policies/{name}" for name in data)} | {
            f"musl_audit/polyfills/{name}" for name in libraries
        }
    rest = {"pyproject.toml", "LICENSE", "README.md", "CHANGELOG.md", "polyfills/build.py"}
    return (
        {f"src/{name}" for name in code}
        | {f"policies/{name}" for name in data}
        | {f"polyfills/built/{name}" for name in libraries}
        | rest
    )


def check(tree: Path, project: str, paths: list[Path]) -> None:
    """Raise ``ReleaseError`` where contents, ``twine`` or ``check-wheel-contents`` find something wrong."""
    found = [fault for path in paths for fault in faults(tree, project, path)]
    licensed = [path for path in paths if not any(name.endswith("LICENSE") for name in names_in(path))]
    found += [f"{path.name} has no licence" for path in licensed]
    if found:
        raise ReleaseError("; ".join(found))
    run(str(_SCRIPTS / "twine"), "check", "--strict", *map(str, paths), cwd=tree)
    wheels = [str(path) for path in paths if path.suffix == ".whl"]
    # W004: the polyfills are libraries to be copied, no modules to be imported.
    run(str(_SCRIPTS / "check-wheel-contents"), "--ignore", "W004", *wheels, cwd=tree)


def install_offline(sdist: Path, folder: Path) -> str:
    """
    Return the version that the tool says, installed from its sdist without an index.

    What the build needs, and what the tool depends on, is fetched before; ``pip`` gets a folder then, and no index.
    """
    stock, environment = folder / "stock", folder / "environment"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    run(*pip, "download", "--dest", str(stock), "hatchling>=1.27", str(sdist), cwd=folder)
    run(sys.executable, "-m", "venv", str(environment), cwd=folder)
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(stock), "PIP_CONFIG_FILE": "/dev/null"}
    inside = str(environment / "bin" / "python")
    run(inside, "-m", "pip", "install", "--quiet", "--no-cache-dir", str(sdist), cwd=folder, environment=offline)
    return run(str(environment / "bin" / "musl-audit"), "--version", cwd=folder).strip()
