"""Finding and running a program on the bytes of one ELF file."""

import os
import subprocess
import sysconfig
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

from musl_audit.errors import RepairError

_SECONDS = 300
_MEMORY = 8 << 30  # bytes of address space
_GROWTH = 64 << 20  # bytes that a file may grow by


def find_tool(name: str) -> str | None:
    """
    Return the absolute path of a program, None where there is none.

    Beside the running interpreter comes first: an installation by pipx or uvx does not put its tools on PATH.
    """
    found = which(name, path=sysconfig.get_path("scripts")) or which(name)
    return None if found is None else os.path.abspath(found)  # noqa: PTH100  # resolving links changes what it is


def change(data: bytes, command: Sequence[str], what: str) -> bytes:
    """
    Return what *command*, with the name of a private copy of *data* appended, makes of it.

    Raise ``RepairError``, which begins with *what*, where it fails, takes too long, or takes too much memory.
    """
    program = Path(command[0]).name
    with TemporaryDirectory(prefix="musl-audit-") as directory:
        file = Path(directory, "file.so")
        try:
            file.write_bytes(data)
            file.chmod(0o700)
            answer = subprocess.run(  # noqa: S603  # no shell, a name of ours
                [*command, str(file)],
                capture_output=True,
                check=False,
                timeout=_SECONDS,
                cwd=directory,
                stdin=subprocess.DEVNULL,
                preexec_fn=_limiting(len(data)),  # no thread of ours runs
            )
        except subprocess.TimeoutExpired as error:
            raise RepairError(f"{what}: {program} took more than {_SECONDS} seconds") from error
        except (OSError, subprocess.SubprocessError) as error:
            raise RepairError(f"{what}: {program} cannot be run: {error}") from error
        if answer.returncode:
            said = answer.stderr.decode(errors="replace").strip().splitlines()
            raise RepairError(f"{what}: {program} failed: {said[-1] if said else answer.returncode}")
        return file.read_bytes()


def _limiting(size: int) -> Callable[[], None] | None:
    """Return what bounds memory, file size and time of the process that calls it; None where no system call does."""
    try:
        import resource
    except ImportError:
        return None
    bounds = {
        resource.RLIMIT_AS: _MEMORY,
        resource.RLIMIT_FSIZE: size + _GROWTH,
        resource.RLIMIT_CPU: _SECONDS,
        resource.RLIMIT_CORE: 0,
    }

    def limit() -> None:
        for bound, most in bounds.items():
            _, hard = resource.getrlimit(bound)
            value = most if hard == resource.RLIM_INFINITY else min(most, hard)
            with suppress(OSError, ValueError):  # macOS knows bounds that it does not let anyone set
                resource.setrlimit(bound, (value, hard))

    return limit
