"""Surveys of the test wheels: stores, rows, clusters."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.cli import ROOT, WHEELS, environment

from musl_audit.adapters.stores.queries import StoreViews
from musl_audit.adapters.stores.survey import open_store
from musl_audit.frozen import frozen


@frozen
class Named:
    """What a runner is given."""

    path: str
    size: int = 1


def deadly(item: Named) -> str:
    """Return the path of *item*; one called poison kills the process that looks at it."""
    if item.path == "poison":
        os.kill(os.getpid(), signal.SIGKILL)
    return item.path.upper()


def rows(store: Path | str) -> list[tuple[object, ...]]:
    """Return what a store says about each path, but for times."""
    query = "SELECT path, sha256, kept, loads_on, codes, summary FROM wheels ORDER BY path"
    return StoreViews(open_store(str(store))).rows(query)


def some_wheels(directory: Path, count: int) -> Path:
    """Return *directory* with links to the first *count* test wheels."""
    directory.mkdir()
    for path in sorted(WHEELS.glob("*.whl"))[:count]:
        (directory / path.name).symlink_to(path)
    return directory


@contextmanager
def scheduler(port: int = 0) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Yield the address of a real scheduler on loopback, and its process."""
    command = ["scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard", "--no-show"]
    with _dask(*command) as process:
        yield _address(process), process


@contextmanager
def worker(address: str, **variables: str) -> Iterator["subprocess.Popen[str]"]:
    """Yield a real worker process of the scheduler at *address*; it is started again when it dies."""
    with TemporaryDirectory() as directory:
        options = ["--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1", "--local-directory", directory]
        with _dask("worker", address, *options, **variables) as process:
            yield process


@contextmanager
def _dask(*words: str, **variables: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "dask", *words],
        env=environment(**{"PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1", **variables}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with_children(process.pid, signal.SIGKILL)
        process.wait()


def _address(process: "subprocess.Popen[str]") -> str:
    assert process.stderr is not None
    for line in process.stderr:
        if "Scheduler at:" in line:
            return line.split()[-1]
    raise AssertionError("the scheduler said no address")


def with_children(pid: int, number: int) -> None:
    """Send a signal to the process group of *pid*."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return


def wait_until(is_so: Callable[[], object], seconds: float = 60) -> None:
    """Wait until calling *is_so* gives something true."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it never was so"
        time.sleep(0.05)
