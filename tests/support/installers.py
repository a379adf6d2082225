"""Real pip and real uv, asked to install a wheel for musl into a directory of ours, whatever machine this is."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

IGNORED = (".lock", "RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json")
SECONDS = 120


@dataclass(frozen=True, slots=True)
class Installed:
    """What an installer made of a wheel: the files by path, None where it refused; and what it said."""

    files: Mapping[str, bytes] | None
    said: str

    @property
    def refused(self) -> bool:
        """Whether it did not install the wheel."""
        return self.files is None


def by_pip(wheel: Path, target: Path) -> Installed:
    """Install *wheel* with pip."""
    options = ["--no-deps", "--no-index", "--no-compile", "--quiet", "--disable-pip-version-check"]
    platform = ["--platform", "musllinux_1_2_x86_64", "--only-binary", ":all:", "--target", str(target)]
    return _installed([sys.executable, "-m", "pip", "install", *options, *platform, str(wheel)], target)


def by_uv(wheel: Path, target: Path) -> Installed:
    """Install *wheel* with uv."""
    uv = Path(sys.executable).with_name("uv")
    options = ["--no-deps", "--no-index", "--no-config", "--no-cache", "--quiet", "--target", str(target)]
    platform = ["--python-platform", "x86_64-unknown-linux-musl", "--python", sys.executable]
    return _installed([str(uv), "pip", "install", *options, *platform, str(wheel)], target)


INSTALLERS = {"pip": by_pip, "uv": by_uv}


def _installed(command: list[str], target: Path) -> Installed:
    done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
    said = (done.stdout + done.stderr).decode(errors="replace").strip()
    if done.returncode:
        return Installed(None, said)
    files = (path for path in target.rglob("*") if path.is_file() or path.is_symlink())
    wanted = (path for path in files if path.name not in IGNORED and "__pycache__" not in path.parts)
    return Installed({_place(path.relative_to(target)): _content(path) for path in wanted}, said)


def _place(path: Path) -> str:
    """Return *path*; headers lie where each installer wants them, pip's below ``site/pythonX.Y``."""
    parts = path.parts
    return "/".join(("include", *parts[3:]) if parts[:2] == ("include", "site") else parts)


def _content(path: Path) -> bytes:
    data = path.read_bytes()
    # Scripts begin with the interpreter's path, which each writes its own way.
    return data.partition(b"\n")[2] if data.startswith(b"#!") else data
