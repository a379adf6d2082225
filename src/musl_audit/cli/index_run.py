"""One run of ``index``: served until the command ends, or somebody interrupts."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from argparse import Namespace
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

from musl_audit import __version__
from musl_audit.adapters.catalogs import load_catalog
from musl_audit.adapters.indexes.clients import child_environment, found_command, status_of
from musl_audit.adapters.stores.directory import cache_directory
from musl_audit.adapters.stores.kinds import mended_store
from musl_audit.cli.index_options import destination_of, group_of, store_of
from musl_audit.cli.stderr import remark
from musl_audit.errors import MuslAuditError, UsageError
from musl_audit.reporters.index_text import ledger_lines
from musl_audit.wheel.offers import Wanted
from musl_audit.workflows.choosing_one import require_extra

TYPE_CHECKING = False  # as typing has it: importing typing takes 2 ms
if TYPE_CHECKING:
    from musl_audit.adapters.indexes.projects import IndexGroup
    from musl_audit.adapters.indexes.server import Answer, ServedSite
    from musl_audit.workflows.mending import Mender
    from musl_audit.workflows.serving import FilteredIndex

_NOT_FOUND = 127  # what a shell reports for a command that is not there
_LARGEST_PORT = 65535
_GLANCE = 0.5  # seconds


class IndexRun:
    """What a run is asked, and how it ends."""

    def __init__(self, options: Namespace) -> None:
        if options.port > _LARGEST_PORT:
            raise UsageError(f"--port {options.port}: there are {_LARGEST_PORT} of them")
        self.options = options
        self.command: Sequence[str] = options.command
        self.catalog = load_catalog()
        self.destination = destination_of(options, self.catalog)
        require_extra()

    def serve(self) -> int:
        """Serve the index, and return the exit code."""
        if self.command and found_command(self.command[0], os.environ) is None:
            remark(f"error: {self.command[0]}: there is no such command")
            return _NOT_FOUND
        with group_of(self.options) as group, tempfile.TemporaryDirectory(prefix="musl-audit-") as folder:
            opening = _Opening()
            with _served(opening, self.options.port) as url:
                opening.begin(lambda: self._index(group, Path(folder), url))
                if self.options.repair:
                    self._say("mended files have no hash that a lock or --require-hashes could know: they refuse them")
                code = self._run_child(url) if self.command else _wait(url)
                self._tell(opening.site())
        return code

    def _index(self, group: "IndexGroup", folder: Path, url: str) -> "FilteredIndex":
        from musl_audit.adapters.indexes.held import Held
        from musl_audit.adapters.indexes.verdicts import Verdicts
        from musl_audit.workflows.places import library_finder
        from musl_audit.workflows.serving import FilteredIndex

        held = Held(folder)
        store = store_of(self.options)
        verdicts = Verdicts(
            group.asker,
            self.catalog,
            self.destination,
            store=store,
            version=__version__,
            keep=held.keep,
            has_library=library_finder(self.destination, self.catalog),
        )
        index = FilteredIndex(
            group,
            verdicts,
            Wanted(self.destination.tags, self.destination.pythons),
            held,
            url=url,
            allows_sdists=self.options.allow_sdists,
            mender=self._mender(folder, verdicts.edition) if self.options.repair else None,
            complain=remark,
        )
        group.asker.warm_up()
        return index

    def _mender(self, folder: Path, edition: str) -> "Mender":
        from musl_audit.workflows.mending import Mender

        kept = None if self.options.no_cache else mended_store(cache_directory())
        return Mender(self.catalog, self.destination, folder, kept, edition)

    def _run_child(self, url: str) -> int:
        """Return the exit code of the command, which gets every signal that is meant for it."""
        variables = child_environment(os.environ, f"{url}simple/", f"{url}links/")
        try:
            child = subprocess.Popen(self.command, env=variables)  # noqa: S603  # what the user asks to be run
        except OSError as error:
            raise MuslAuditError(f"{self.command[0]}: {error.strerror}") from error
        with child, _passing_signals(child):
            return status_of(child.wait())

    def _tell(self, index: "FilteredIndex") -> None:
        if not self.options.quiet:
            for line in ledger_lines(index.ledger, self.destination.place):
                remark(line)

    def _say(self, line: str) -> None:
        if not self.options.quiet:
            remark(line)


class _Opening:
    """An index that comes to be while its client starts: who asks early waits."""

    def __init__(self) -> None:
        self._future: Future[FilteredIndex] = Future()

    def begin(self, build: "Callable[[], FilteredIndex]") -> None:
        """Build the index in a thread of its own."""
        threading.Thread(target=self._build, args=(build,), daemon=True).start()

    def _build(self, build: "Callable[[], FilteredIndex]") -> None:
        try:
            self._future.set_result(build())
        except BaseException as error:  # noqa: BLE001  # whoever waits is told
            self._future.set_exception(error)

    def site(self) -> "FilteredIndex":
        """Return the index, once it is there; raise what kept it from being."""
        return self._future.result()

    def projects(self, accept: str) -> "Answer":
        """Return the list of projects."""
        return self.site().projects(accept)

    def page(self, project: str, accept: str) -> "Answer":
        """Return the page of a project."""
        return self.site().page(project, accept)

    def file(self, number: str, name: str) -> "Answer":
        """Return a file that a page named."""
        return self.site().file(number, name)


@contextmanager
def _served(site: "ServedSite", port: int) -> Generator[str]:
    from musl_audit.adapters.indexes.server import serving

    try:
        with serving(site, port) as url:
            yield url
    except OSError as error:
        raise MuslAuditError(f"--port {port}: {error.strerror}") from error


@contextmanager
def _passing_signals(child: "subprocess.Popen[bytes]") -> Generator[None]:
    """Pass a request to end on to *child*; an interrupt of the terminal reaches it anyway, and we wait for it."""
    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: None),
        signal.SIGTERM: signal.signal(signal.SIGTERM, lambda number, _: child.send_signal(number)),
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _wait(url: str) -> int:
    """Print where the index is, and return once somebody interrupts."""
    ended = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: ended.set())
    try:
        sys.stdout.write(f"{url}simple/\n")
        sys.stdout.flush()
        while not ended.wait(_GLANCE):  # a signal that comes just before the wait does not end it
            pass
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)
    return 0
