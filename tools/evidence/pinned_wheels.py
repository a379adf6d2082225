"""Wheels pinned by file name and sha256, fetched with the configured pip."""

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PinnedWheel:
    """A wheel of a package index, named by its file and known by its digest."""

    file: str
    sha256: str


class PinnedWheelError(Exception):
    """A pinned wheel could not be had, or is not the pinned one."""


def fetch(wheels: Iterable[PinnedWheel], directory: Path) -> Iterator[tuple[PinnedWheel, PinnedWheelError | None]]:
    """
    Yield each wheel once it lies in *directory*, with the error if it could not be had.

    What is there already and has the right digest is not fetched again, so a stopped run goes on where it was.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for wheel in wheels:
        try:
            if not _is_there(wheel, directory):
                _download(wheel, directory)
        except PinnedWheelError as error:
            yield wheel, error
        else:
            yield wheel, None


def _is_there(wheel: PinnedWheel, directory: Path) -> bool:
    path = directory / wheel.file
    return path.is_file() and _sha256(path) == wheel.sha256


def _download(wheel: PinnedWheel, directory: Path) -> None:
    # A directory of its own beside the target: an interrupted download leaves no half a wheel under the right name.
    with tempfile.TemporaryDirectory(dir=directory, prefix=".download-") as scratch:
        requirements = Path(scratch, "requirements.txt")
        name, version = wheel.file.split("-")[:2]
        requirements.write_text(f"{name}=={version} --hash=sha256:{wheel.sha256}\n")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--only-binary=:all:", "--require-hashes", "--dest", scratch, "-r", str(requirements)]
        result = subprocess.run(command + _tag_options(wheel.file), capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise PinnedWheelError(_last_error(result.stderr))
        downloaded = Path(scratch, wheel.file)
        if not downloaded.is_file() or _sha256(downloaded) != wheel.sha256:
            raise PinnedWheelError("pip fetched another file than the pinned one")
        downloaded.replace(directory / wheel.file)


def _tag_options(file: str) -> list[str]:
    """
    Return pip's options that make it choose the wheel of this very name, on whatever platform pip runs.

    >>> _tag_options("cffi-2.1.1-cp312-cp312-musllinux_1_2_x86_64.whl")[:4]
    ['--implementation', 'cp', '--python-version', '3.12.99']
    """
    python, abi, platforms = file.removesuffix(".whl").split("-")[-3:]
    digits = python.split(".")[-1].lstrip("cpy")
    # A late patch release: some wheels refuse the first ones of a Python, such as 3.9.0 and 3.9.1.
    version = f"{digits[0]}.{digits[1:] or '11'}.99"
    options = ["--implementation", "cp", "--python-version", version]
    options += [part for tag in abi.split(".") for part in ("--abi", tag)]
    return options + [part for tag in platforms.split(".") for part in ("--platform", tag)]


def _last_error(stderr: str) -> str:
    errors = [line for line in stderr.splitlines() if line.startswith("ERROR:")]
    return errors[-1] if errors else stderr.strip()[-300:] or "pip failed without a word"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
