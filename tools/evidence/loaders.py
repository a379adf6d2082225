"""
Derive musl's dynamic loaders out of Debian's and Ubuntu's packages again and compare them with what the repository has.

``tests/loader/fixtures/MANIFEST.toml`` names each loader: architecture, musl release, Debian package, digest. Those of
three architectures are committed beside it; those of the others are left in ``.cache/loaders``, where the tests look
for them too. Nothing is installed and root is not needed.

Run from the root of the repository: ``python -m tools.evidence.loaders``; ``--write`` rewrites the manifest and the
committed files from what Debian has now.
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tools.evidence.debian import DEBIAN, UBUNTU, Distribution, configure

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "loader" / "fixtures"
MANIFEST = FIXTURES / "MANIFEST.toml"
CACHE = ROOT / ".cache" / "loaders"
SUITES = ("bullseye", "bookworm", "trixie")  # musl 1.2.2, 1.2.3 and 1.2.5
OLD_SUITES = ("xenial", "bionic", "focal")  # of Ubuntu, where the mirror has it beside Debian: 1.1.9, 1.1.19, 1.1.24
COMMITTED = ("x86_64", "i686", "aarch64")
DEBIAN_NAMES = {
    "x86_64": "amd64",
    "i686": "i386",
    "aarch64": "arm64",
    "armv7l": "armhf",
    "ppc64le": "ppc64el",
    "s390x": "s390x",
    "riscv64": "riscv64",
}
# What else was once in bullseye and bookworm is no longer on the mirrors, or never was.
FIRST_SUITE = {"ppc64le": "bookworm", "s390x": "bookworm", "riscv64": "trixie"}


@dataclass(frozen=True, slots=True)
class LoaderFile:
    """One loader as a Debian package has it."""

    arch: str
    release: str
    package: str  # name:architecture=version
    sha256: str

    @property
    def path(self) -> Path:
        """Where it is kept: committed, or in the cache."""
        return (FIXTURES if self.arch in COMMITTED else CACHE) / self.arch / f"ld-musl-{self.release}.so"


def wanted(suite: str) -> list[str]:
    """Return the architectures of ours for which *suite* has a musl package, as Debian names them."""
    firsts = {arch: SUITES.index(FIRST_SUITE.get(arch, SUITES[0])) for arch in DEBIAN_NAMES}
    return [debian for arch, debian in DEBIAN_NAMES.items() if SUITES.index(suite) >= firsts[arch]]


def fetch(folder: Path, suite: str, arches: list[str], distribution: Distribution = DEBIAN) -> None:
    """
    Download the packages of *suite* for *arches* into *folder*; those that cannot be had now are left out.

    One call for all, since apt builds its cache anew in each, which takes longer than all else; one by one where that
    fails, as it does while a mirror is being updated.
    """
    try:
        environment = configure(folder / suite / "-".join(arches), (suite,), arches, distribution)
        packages = [f"musl:{arch}/{suite}" for arch in arches]
        subprocess.run(["apt-get", "download", "-qq", *packages], env=environment, cwd=folder, check=True)
    except subprocess.CalledProcessError:
        if len(arches) == 1:
            print(f"musl of {suite} for {arches[0]} cannot be fetched now")
        for arch in arches if len(arches) > 1 else ():
            fetch(folder, suite, [arch], distribution)


def derive(folder: Path) -> dict[LoaderFile, Path]:
    """Download and unpack every package below *folder*; return where each loader lies there."""
    for suite in SUITES:
        fetch(folder, suite, wanted(suite))
    for suite in OLD_SUITES:
        fetch(folder, suite, [DEBIAN_NAMES["x86_64"]], UBUNTU)
    derived = {}
    for deb in folder.glob("*.deb"):
        root = deb.with_suffix("")
        subprocess.run(["dpkg-deb", "-x", deb, root], check=True)
        shutil.copyfile(root / "usr/share/doc/musl/copyright", folder / "COPYRIGHT")
        file, path = _loader_in(deb, root)
        derived[file] = path
    return dict(sorted(derived.items(), key=lambda item: (item[0].arch, item[0].release)))


def _loader_in(deb: Path, root: Path) -> tuple[LoaderFile, Path]:
    path = next(path for path in sorted(root.rglob("libc.so")) if not path.is_symlink())
    fields = ("Version", "Architecture")
    version, debian = (
        subprocess.run(["dpkg-deb", "-f", deb, field], capture_output=True, text=True, check=True).stdout.strip()
        for field in fields
    )
    (arch,) = (arch for arch, name in DEBIAN_NAMES.items() if name == debian)
    package = f"musl:{debian}={version}"
    return LoaderFile(arch, version.partition("-")[0], package, hashlib.sha256(path.read_bytes()).hexdigest()), path


def read_manifest() -> list[LoaderFile]:
    """Return the loaders that the manifest names."""
    rows = tomllib.loads(MANIFEST.read_text(encoding="utf-8"))["loader"]
    return [LoaderFile(**row) for row in rows]


def write_manifest(files: list[LoaderFile]) -> None:
    """Name *files* in the manifest."""
    lines = ["# musl's own dynamic loaders, out of packages; written by `make loaders`. Licence: COPYRIGHT."]
    for file in files:
        fields = ("arch", "release", "package", "sha256")
        lines += ["", "[[loader]]", *(f'{field} = "{getattr(file, field)}"' for field in fields)]
    MANIFEST.write_text("\n".join(lines) + "\n", encoding="utf-8")


def keep(derived: dict[LoaderFile, Path]) -> None:
    """Copy each loader to where the tests look for it."""
    for file, path in derived.items():
        file.path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, file.path)


def differences(derived: dict[LoaderFile, Path]) -> list[str]:
    """Return a sentence for each loader that is not what the manifest says, and each committed file that is not."""
    manifest = {(file.arch, file.release): file for file in read_manifest()}
    found = []
    for file in derived:
        pinned = manifest.pop((file.arch, file.release), None)
        if pinned is None or pinned.sha256 != file.sha256:
            found.append(
                f"{file.arch} {file.release}: the mirror has {file.package}, the manifest {pinned and pinned.package}"
            )
        elif file.arch in COMMITTED and hashlib.sha256(file.path.read_bytes()).hexdigest() != file.sha256:
            found.append(f"{file.path.relative_to(ROOT)} is not the file of {file.package}")
    lacking = [file for file in manifest.values() if not is_kept(file)]
    return found + [
        f"{file.arch} {file.release}: {file.package} cannot be fetched, and is not here" for file in lacking
    ]


def is_kept(file: LoaderFile) -> bool:
    """Whether the loader is here from another time, byte for byte."""
    return file.path.exists() and hashlib.sha256(file.path.read_bytes()).hexdigest() == file.sha256


def main() -> int:
    """Derive and compare; return 1 if something differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="take what Debian has now")
    write = parser.parse_args().write
    with tempfile.TemporaryDirectory() as folder:
        derived = derive(Path(folder))
        if write:
            FIXTURES.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(folder, "COPYRIGHT"), FIXTURES / "COPYRIGHT")
            write_manifest(list(derived))
        found = [] if write else differences(derived)
        keep({file: path for file, path in derived.items() if write or file.arch not in COMMITTED})
    for sentence in found:
        print(sentence)
    print(f"{len(derived)} loaders derived, {len(found)} differ")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
