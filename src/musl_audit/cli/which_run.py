"""One run of ``which``: requirements in, versions out."""

import sys
from argparse import Namespace
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from musl_audit import __version__
from musl_audit.adapters.catalogs import load_catalog
from musl_audit.adapters.indexes.asking import AT_ONCE
from musl_audit.adapters.indexes.lines import Line
from musl_audit.cli.index_options import destination_of, group_of, store_of
from musl_audit.cli.index_watch import Watch
from musl_audit.cli.output import Output, output_to
from musl_audit.environment.choices import Choice, Cost, Status, cost_of
from musl_audit.environment.destination import Destination
from musl_audit.errors import UsageError
from musl_audit.frozen import replace
from musl_audit.reporters.rows import dump
from musl_audit.reporters.which_rows import which_row
from musl_audit.reporters.which_text import WhichText
from musl_audit.wheel.offers import Wanted
from musl_audit.workflows.choosing_one import require_extra

TYPE_CHECKING = False  # as typing has it: importing typing takes 2 ms
if TYPE_CHECKING:
    from musl_audit.adapters.indexes.projects import IndexGroup

FOUND, NONE, INCOMPLETE = 0, 1, 4


class WhichRun:
    """What a run is asked, and what it found."""

    def __init__(self, options: Namespace) -> None:
        if not options.requirements and not options.requirement:
            raise UsageError("no requirement given: name a project, such as 'numpy>=2', or -r FILE")
        self.options = options
        named = [Line(text, _requirement(text)) for text in options.requirements]
        self.catalog = load_catalog()
        self.destination = destination_of(options, self.catalog)
        self.lines = (*named, *_lines_of(options.requirement, self.destination))
        require_extra()

    def report(self) -> int:
        """Write the answers, and return the exit code."""
        choices: list[Choice] = []
        with output_to(self.options.output, self.options.color) as output, group_of(self.options) as group:
            text = self._text(output)
            for choice in self._choices(group):
                choices.append(choice)
                if text is not None:
                    output.write(text.choice(choice))
            traffic = group.asker.traffic
            cost = cost_of(tuple(choices), received=traffic.received, requests=traffic.requests)
            code = _exit_code(choices)
            if text is not None:
                output.write(text.end(cost))
            else:
                output.write(self._json(choices, cost, group.shown, code))
        return code

    def _text(self, output: Output) -> WhichText | None:
        """Return how answers are written for people, with the heading written; None for JSON."""
        if self.options.format == "json":
            return None
        text = WhichText(output.width, output.paint, is_quiet=self.options.quiet, is_ladder=self.options.all)
        place = self.destination
        threads = " (free-threaded)" if place.is_free_threaded else ""
        output.write(text.heading(place.place, f"{place.python}{threads}", place.arch))
        return text

    def _choices(self, group: "IndexGroup") -> Iterator[Choice]:
        from musl_audit.adapters.indexes.verdicts import Verdicts
        from musl_audit.workflows.choosing import choose, choose_locked
        from musl_audit.workflows.places import library_finder

        verdicts = Verdicts(
            group.asker,
            self.catalog,
            self.destination,
            store=store_of(self.options),
            version=__version__,
            has_library=library_finder(self.destination, self.catalog),
        )
        wanted = Wanted(self.destination.tags, self.destination.pythons)
        watch = Watch(group.asker.traffic, len(self.lines), is_on=not self.options.quiet and sys.stderr.isatty())

        def answer(line: Line) -> Choice:
            if line.requirement is None:
                return Choice(line.text, "", Status.SKIPPED, message=line.skipped)
            if line.files is not None:
                take = group.asker.credentials.take
                files = [replace(file, url=take(file.url)) for file in line.files]
                return choose_locked(line.requirement, files, verdicts, wanted)
            return choose(
                line.requirement,
                group,
                verdicts,
                wanted,
                looks_at_all=self.options.all,
                with_prereleases=self.options.pre,
                watch=watch.rung,
            )

        with ThreadPoolExecutor(AT_ONCE) as pool:
            try:
                for choice in pool.map(answer, self.lines):
                    watch.clear()
                    yield choice
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def _json(self, choices: list[Choice], cost: Cost, indexes: tuple[str, ...], code: int) -> str:
        row = which_row(
            choices,
            self.destination,
            cost,
            version=__version__,
            policy=self.catalog.version,
            indexes=indexes,
            exit_code=code,
        )
        return dump(row) + "\n"


def _lines_of(paths: list[str], destination: Destination) -> Iterator[Line]:
    """Yield what files ask for."""
    if not paths:
        return
    from musl_audit.adapters.indexes.requirement_files import read_requirement_file

    for path in paths:
        yield from read_requirement_file(Path(path), destination)


def _requirement(text: str) -> Requirement:
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        reason = str(error).partition("\n")[0]
        raise UsageError(f"{text!r} is not a requirement such as 'numpy>=2': {reason}") from error
    if requirement.url is not None:
        raise UsageError(f"{text!r} names one file by its URL: ask `musl-audit show` about it")
    return requirement


def _exit_code(choices: list[Choice]) -> int:
    statuses = {choice.status for choice in choices}
    if Status.FAILED in statuses:
        return INCOMPLETE
    return NONE if statuses & {Status.NONE, Status.MISSING} else FOUND
