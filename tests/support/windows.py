"""
A Windows as far as this process can play one: what Python's standard library has not there is gone.

``python -m tests.support.windows COMMAND…`` runs ``musl-audit COMMAND…`` so. Modules that ask for the platform when
they are imported are imported before; `pathlib` stays as it is, which is why ``os.name`` does.
"""

import importlib
import os
import signal
import sys
from importlib.abc import MetaPathFinder

_LOADED = (
    "argparse asyncio concurrent.futures ctypes email.parser getpass http.client httpx importlib.metadata json "
    "logging.handlers mmap msgspec multiprocessing.context multiprocessing.reduction packaging.requirements "
    "packaging.tags pathlib platform rich.console shutil simple_repository socket ssl subprocess tempfile uuid zipfile"
)
_ABSENT_MODULES = ("fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty")
_ABSENT_FUNCTIONS = (
    "fchmod fchown fork forkpty geteuid getuid getgid killpg mkfifo mknod posix_fadvise posix_fallocate pread preadv "
    "pwrite sched_getaffinity sched_setaffinity sendfile setsid uname "
    "O_CLOEXEC O_DIRECTORY O_NOFOLLOW O_NONBLOCK O_TMPFILE"
)
_ABSENT_SIGNALS = "SIGALRM SIGCHLD SIGHUP SIGKILL SIGPIPE SIGQUIT SIGUSR1 SIGWINCH pthread_sigmask"


class _Absent(MetaPathFinder):
    def find_spec(self, name: str, *_: object) -> None:
        """Refuse what Windows has not."""
        if name in _ABSENT_MODULES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def pretend() -> None:
    """Take away what Windows has not."""
    for name in _LOADED.split():
        importlib.import_module(name)
    sys.meta_path.insert(0, _Absent())
    for name in _ABSENT_MODULES:
        sys.modules.pop(name, None)
    for owner, names in ((os, _ABSENT_FUNCTIONS.split()), (signal, _ABSENT_SIGNALS.split())):
        for name in names:
            if hasattr(owner, name):
                delattr(owner, name)
    sys.platform = "win32"


def main() -> int:
    """Run the command line."""
    pretend()
    from musl_audit.cli import main as command

    return command(sys.argv[1:])


if __name__ == "__main__":
    raise SystemExit(main())
