"""Debian packages unpacked into a directory, without root and without installing anything."""

import os
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SOURCES = (Path("/etc/apt/sources.list"), Path("/etc/apt/sources.list.d"))
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


@dataclass(frozen=True, slots=True)
class Distribution:
    """Whose packages these are: the mirror's folder, the component, and why they are believed."""

    folder: str
    component: str
    trust: str  # an option of sources.list


DEBIAN = Distribution("debian", "main", f"signed-by={KEYRING}")
UBUNTU = Distribution("ubuntu", "universe", "trusted=yes")  # its keys are not here: who takes a file, knows its digest


def mirror() -> str:
    """Return the Debian mirror that this machine's own apt configuration names."""
    files = [path for source in SOURCES for path in ([source] if source.is_file() else sorted(source.glob("*")))]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    found = re.search(r"https?://\S+/debian/?(?=\s|$)", text)
    if found is None:
        raise SystemExit("apt is not configured with a Debian mirror")
    return found.group()


def configure(
    directory: Path, suites: Iterable[str], arches: Iterable[str], distribution: Distribution = DEBIAN
) -> dict[str, str]:
    """Write a private apt configuration below *directory*, update its lists, and return its environment."""
    for folder in ("lists/partial", "cache/archives/partial", "packages"):
        (directory / folder).mkdir(parents=True, exist_ok=True)
    quoted = " ".join(f'"{arch}";' for arch in arches)
    base = mirror().rstrip("/").removesuffix(DEBIAN.folder) + distribution.folder
    about = f"[{distribution.trust}] {base}"
    sources = (f"deb {about} {suite} {distribution.component}\n" for suite in suites)
    (directory / "sources.list").write_text("".join(sources), encoding="utf-8")
    (directory / "apt.conf").write_text(
        f'Dir::Etc::sourcelist "{directory}/sources.list"; Dir::Etc::sourceparts "-";\n'
        f'Dir::State::lists "{directory}/lists"; Dir::Cache "{directory}/cache";\n'
        'APT::Sandbox::User "root"; Acquire::Languages "none";\n'
        f"APT::Architectures {{ {quoted} }};\n",
        encoding="utf-8",
    )
    environment = {**os.environ, "APT_CONFIG": str(directory / "apt.conf")}
    subprocess.run(["apt-get", "update", "-qq"], env=environment, check=True)
    return environment


def unpack(directory: Path, packages: Iterable[str], environment: dict[str, str]) -> dict[str, Path]:
    """
    Download *packages*, each ``name:arch/suite``, and return where each was unpacked.

    *environment* is what ``configure`` returned for the same directory.
    """
    roots = {}
    for package in packages:
        folder = directory / "packages" / re.sub(r"[:/]", "_", package)
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "-qq", package], env=environment, cwd=folder, check=True)
        (archive,) = folder.glob("*.deb")
        roots[package] = folder / "root"
        subprocess.run(["dpkg-deb", "-x", archive, roots[package]], check=True)
    return roots


def suites_with(package: str, environment: dict[str, str]) -> frozenset[str]:
    """Return the suites that have *package*, of those that *environment* was configured with."""
    command = ["apt-cache", "madison", package]
    listed = subprocess.run(command, env=environment, capture_output=True, check=True, text=True).stdout
    # "python3.13 | 3.13.5-2 | MIRROR trixie/main amd64 Packages"
    return frozenset(line.split()[-3].partition("/")[0] for line in listed.splitlines())


def unpack_with_dependencies(directory: Path, package: str, root: Path, environment: dict[str, str]) -> None:
    """
    Unpack *package*, given as ``name/suite``, and everything it depends on below *root*, all from that suite.

    *environment* is what ``configure`` returned for *directory*.
    """
    name, _, suite = package.partition("/")
    folder = directory / "closures" / f"{name}_{suite}"
    (folder / "partial").mkdir(parents=True)
    nothing = directory / "status"  # as if nothing were installed: so apt names every dependency
    nothing.touch()
    options = (f"Dir::State::status={nothing}", f"Dir::Cache::archives={folder}", f"APT::Default-Release={suite}")
    command = ["apt-get", "install", "-qq", "--yes", "--download-only", "--no-install-recommends"]
    command += [f"--option={option}" for option in options]
    subprocess.run([*command, name], env=environment, stdout=subprocess.DEVNULL, check=True)
    for archive in sorted(folder.glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", archive, root], check=True)
