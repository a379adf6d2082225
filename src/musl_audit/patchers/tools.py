"""Finding and running a program on the bytes of one ELF file."""

import subprocess
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

from musl_audit.errors import RepairError

_SECONDS = 300
_MEMORY = 8 << 30  # bytes of address space
_GROWTH = 64 << 20  # bytes that a file may grow by


def find_tool(name: str) -> str | None:
    """
    Return the path of a program, None where there is none.

    Beside the running interpreter comes first: an installation by pipx or uvx does not put its tools on PATH.
    """
    return which(name, path=sysconfig.get_path("scripts")) or which(name)


def change(data: bytes, command: Sequence[str], what: str) -> bytes:
    """
    Return what *command*, with the name of a private copy of *data* appended, makes of it.

    Raise ``RepairError``, which begins with *what*, where it fails, takes too long, or takes too much memory.
    """
    with TemporaryDirectory(prefix="musl-audit-") as directory:
        file = Path(directory, "file.so")
        file.write_bytes(data)
        file.chmod(0o700)
        try:
            answer = subprocess.run(  # noqa: S603  # no shell, a name of ours
                [*_limits(len(data)), *command, str(file)],
                capture_output=True,
                check=False,
                timeout=_SECONDS,
                cwd=directory,
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired as error:
            raise RepairError(f"{what}: {command[0]} took more than {_SECONDS} seconds") from error
        except OSError as error:
            raise RepairError(f"{what}: {command[0]} cannot be run: {error.strerror}") from error
        if answer.returncode:
            said = answer.stderr.decode(errors="replace").strip().splitlines()
            raise RepairError(f"{what}: {Path(command[0]).name} failed: {said[-1] if said else answer.returncode}")
        return file.read_bytes()


def _limits(size: int) -> list[str]:
    """Return the beginning of a command that bounds memory, file size and time, where the system has ``prlimit``."""
    prlimit = which("prlimit")
    if prlimit is None:
        return []
    return [prlimit, f"--as={_MEMORY}", f"--fsize={size + _GROWTH}", f"--cpu={_SECONDS}", "--core=0", "--"]
