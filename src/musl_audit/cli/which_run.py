"""One run of ``which``: requirements in, versions out."""

import sys
from argparse import Namespace
from collections.abc import Iterator

from packaging.requirements import InvalidRequirement, Requirement

from musl_audit import __version__
from musl_audit.adapters.catalogs import load_catalog
from musl_audit.cli.index_options import destination_of, group_of, require_extra, store_of
from musl_audit.cli.output import Output, output_to
from musl_audit.environment.choices import Choice, Cost, Rung, Status, cost_of
from musl_audit.errors import UsageError
from musl_audit.reporters.rows import dump
from musl_audit.reporters.visible import visible
from musl_audit.reporters.which_rows import which_row
from musl_audit.reporters.which_text import WhichText, megabytes
from musl_audit.wheel.offers import Wanted

TYPE_CHECKING = False  # as typing has it: importing typing takes 2 ms
if TYPE_CHECKING:
    from musl_audit.adapters.indexes.asking import Traffic
    from musl_audit.adapters.indexes.projects import IndexGroup

FOUND, NONE, INCOMPLETE = 0, 1, 4
_CLEAR = "\r\x1b[K"


class WhichRun:
    """What a run is asked, and what it found."""

    def __init__(self, options: Namespace) -> None:
        if not options.requirements:
            raise UsageError("no requirement given: name a project, such as 'numpy>=2'")
        self.options = options
        self.requirements = tuple(map(_requirement, options.requirements))
        self.catalog = load_catalog()
        self.destination = destination_of(options, self.catalog)
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
        from musl_audit.workflows.choosing import choose

        verdicts = Verdicts(
            group.asker, self.catalog, self.destination, store=store_of(self.options), version=__version__
        )
        wanted = Wanted(self.destination.tags, self.destination.pythons)
        for requirement in self.requirements:
            watch = _Watch(requirement.name, group.asker.traffic, is_quiet=self.options.quiet)
            yield choose(
                requirement,
                group,
                verdicts,
                wanted,
                looks_at_all=self.options.all,
                with_prereleases=self.options.pre,
                watch=watch,
            )
            watch.clear()

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


class _Watch:
    """How far the search is, in a line of a terminal."""

    def __init__(self, name: str, traffic: "Traffic", *, is_quiet: bool) -> None:
        self._name = visible(name)
        self._traffic = traffic
        self._is_on = not is_quiet and sys.stderr.isatty()
        self._versions = self._size = 0

    def __call__(self, rung: Rung) -> None:
        """Count a version that was looked at."""
        self._versions += 1
        self._size += sum(answer.file.size or 0 for answer in rung.answers)
        saved = max(self._size - self._traffic.received, 0)
        self._show(
            f"{_CLEAR}{self._name}: {self._versions} versions looked at, "
            f"{megabytes(self._traffic.received)} fetched, {megabytes(saved)} saved"
        )

    def clear(self) -> None:
        """Take the line away."""
        self._show(_CLEAR)

    def _show(self, text: str) -> None:
        if self._is_on:
            sys.stderr.write(text)
            sys.stderr.flush()


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
