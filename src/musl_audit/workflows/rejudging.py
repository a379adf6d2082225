"""Wheels that are not at hand, judged by the facts that ``show --facts`` wrote about them."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import chain

from musl_audit.adapters.facts_files import Span, facts_lines, facts_spans, lines_at, size_of
from musl_audit.adapters.runners import runner_named
from musl_audit.errors import NotJsonError, WheelError
from musl_audit.frozen import frozen
from musl_audit.judging.rules.musl902_not_judged import RULE as NOT_JUDGED
from musl_audit.model import Failure, Outcome
from musl_audit.wheel.facts_document import facts_from_json
from musl_audit.workflows.examining import Examination

_BATCH = 1 << 20  # bytes of facts that another process is sent at once: 8 ms of work
# The same where it is told to read them: few at first, for nobody else has work yet, and fewer and fewer towards the
# end, when the others wait for one of them.
_LEAST, _MOST = 1 << 16, 1 << 21  # bytes
_PARTS = 16  # into which what is left for a process would be cut
_WORTH_PROCESSES = 2 << 20  # bytes of facts: below it, one process is faster


@frozen
class Batch:
    """Some lines of a file: themselves, by their numbers, or where whoever judges them reads them."""

    file: str
    lines: tuple[tuple[int, bytes] | Span, ...]
    complaint: str = ""  # why nothing follows, where there should

    @property
    def path(self) -> str:
        """Where it begins."""
        first = next(iter(self.lines), None)
        if first is None:
            return self.file
        return f"{self.file}:{first.number if isinstance(first, Span) else first[0]}"

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return sum(line.size if isinstance(line, Span) else len(line[1]) for line in self.lines)


@frozen
class Noise:
    """A line that is no JSON object at all."""

    place: str
    complaint: str


@frozen
class Rejudgement:
    """From lines of facts to their outcomes; another process can be sent it."""

    examination: Examination

    def __call__(self, batch: Batch) -> list[Outcome | Noise]:
        """Return the outcome for each line."""
        spans = [line for line in batch.lines if isinstance(line, Span)]
        try:
            lines = lines_at(batch.file, spans) if spans else [line for line in batch.lines if isinstance(line, tuple)]
        except WheelError as error:
            return [Failure(batch.path, NOT_JUDGED.code, str(error))]
        outcomes = [self._outcome(f"{batch.file}:{number}", line) for number, line in lines]
        return [*outcomes, Failure(batch.file, NOT_JUDGED.code, batch.complaint)] if batch.complaint else outcomes

    def _outcome(self, place: str, line: bytes) -> Outcome | Noise:
        try:
            facts, path = facts_from_json(line)
        except NotJsonError as error:
            return Noise(place, str(error))
        except WheelError as error:
            return Failure(place, NOT_JUDGED.code, str(error))
        return self.examination.judged(facts, path)


def rejudge(file: str, examination: Examination, jobs: int = 1) -> Generator[Outcome]:
    """
    Yield the outcome for each line of *file*, ``-`` being stdin, from *jobs* processes.

    Neighbours that are no JSON are one failure: a file of something else has as many lines as it happens to have.
    Raise ``UsageError`` where the file cannot be opened.
    """
    with closing(_judged(file, Rejudgement(examination), jobs)) as judged:
        noise: list[Noise] = []
        for outcome in judged:
            if isinstance(outcome, Noise):
                noise.append(outcome)
                continue
            yield from _as_one_failure(noise)
            noise.clear()
            yield outcome
        yield from _as_one_failure(noise)


def _judged(file: str, work: Rejudgement, jobs: int) -> Generator[Outcome | Noise]:
    size = size_of(file) if jobs > 1 else None
    batches = _batches(file, facts_lines(file), lambda _: _BATCH) if size is None else _shares(file, size, jobs)
    first: list[Batch] = []
    while not _is_worth_processes(first) and (batch := next(batches, None)):
        first.append(batch)
    is_worth = jobs > 1 and _is_worth_processes(first)
    if is_worth:
        # What judging the first batch loads, rules and policies, processes that are forked need not load again.
        yield from work(first.pop(0))
    # To take data apart and send it around keeps this process busy enough.
    several = "processes" if size is None else "sharing"
    runner = runner_named(several if is_worth else "serial")
    with closing(runner.run(work, chain(first, batches), jobs)) as answers:
        for answer in answers:
            yield from [answer] if isinstance(answer, Failure) else answer


def _is_worth_processes(batches: Sequence[Batch]) -> bool:
    """Whether there is enough to do in *batches* for two processes beyond the first, which one does alone."""
    return len(batches) > 2 and sum(batch.size for batch in batches) > _WORTH_PROCESSES


def _shares(file: str, size: int, jobs: int) -> Iterator[Batch]:
    """Yield where the lines of *file*, of *size* bytes, lie: their way to another process is shorter than theirs."""
    return _batches(
        file,
        facts_spans(file),
        lambda done: min(_MOST, max(_LEAST, (size - done) // (jobs * _PARTS))) if done else _LEAST,
    )


def _batches(file: str, lines: Iterable[tuple[int, bytes] | Span], share: Callable[[int], int]) -> Iterator[Batch]:
    """Yield *lines* of *file* in batches, each of the *share* for what is done by then, in bytes."""
    batch: list[tuple[int, bytes] | Span] = []
    done = size = 0
    try:
        for line in lines:
            batch.append(line)
            size += line.size if isinstance(line, Span) else len(line[1])
            if size >= share(done):
                yield Batch(file, tuple(batch))
                done += size
                batch, size = [], 0
    except WheelError as error:
        yield Batch(file, tuple(batch), str(error))
        return
    if batch:
        yield Batch(file, tuple(batch))


def _as_one_failure(noise: Sequence[Noise]) -> Iterator[Failure]:
    if noise:
        more = f"; the same goes for {len(noise) - 1} more lines" if noise[1:] else ""
        yield Failure(noise[0].place, NOT_JUDGED.code, f"{noise[0].complaint}{more}")
