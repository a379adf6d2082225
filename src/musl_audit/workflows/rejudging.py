"""Wheels that are not at hand, judged by the facts that ``show --facts`` wrote about them."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from itertools import chain

from musl_audit.adapters.facts_files import LineNumbers, facts_lines, lines_between, size_of
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
_LEAST, _MOST = 1 << 18, 1 << 22  # bytes
_PARTS = 8  # into which what is left for a process would be cut
_WORTH_PROCESSES = 2 << 20  # bytes of facts: below it, one process is faster


@frozen
class Batch:
    """Some lines of a file, by their numbers."""

    file: str
    numbered: tuple[tuple[int, bytes], ...]
    complaint: str = ""  # why nothing follows, where there should

    @property
    def path(self) -> str:
        """Where it begins."""
        return f"{self.file}:{self.numbered[0][0]}" if self.numbered else self.file

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return sum(len(line) for _, line in self.numbered)

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield the number and the bytes of each line; raise ``WheelError`` where nothing follows."""
        yield from self.numbered
        if self.complaint:
            raise WheelError(self.complaint)


@frozen
class FilePart:
    """The lines of a file that begin between two offsets: whoever judges them reads them."""

    file: str
    begin: int  # bytes
    end: int

    @property
    def path(self) -> str:
        """Where it begins, counted now: only what dies over it has to say so."""
        try:
            return f"{self.file}:{LineNumbers(self.file).at(self.begin)}"
        except WheelError:
            return self.file

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self.end - self.begin

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield the offset and the bytes of each line; raise ``WheelError`` where nothing follows."""
        return lines_between(self.file, self.begin, self.end)


@frozen
class Noise:
    """A line that is no JSON object at all."""

    place: str
    complaint: str


@frozen
class End:
    """What is behind it cannot be read."""

    complaint: str


@frozen
class Rejudgement:
    """From lines of facts to their outcomes; another process can be sent it."""

    examination: Examination
    numbers: LineNumbers

    def __call__(self, batch: Batch | FilePart) -> list[Outcome | Noise | End]:
        """Return the outcome for each line that is not blank."""
        outcomes: list[Outcome | Noise | End] = []
        try:
            for where, line in batch.lines():
                if not line.isspace():
                    outcomes.append(self._outcome(batch, where, line))
        except WheelError as error:
            outcomes.append(End(str(error)))
        return outcomes

    def _outcome(self, batch: Batch | FilePart, where: int, line: bytes) -> Outcome | Noise:
        try:
            facts, path = facts_from_json(line)
        except NotJsonError as error:
            return Noise(self._place(batch, where), str(error))
        except WheelError as error:
            return Failure(self._place(batch, where), NOT_JUDGED.code, str(error))
        return self.examination.judged(facts, path)

    def _place(self, batch: Batch | FilePart, where: int) -> str:
        return f"{batch.file}:{where if isinstance(batch, Batch) else self.numbers.at(where)}"


def rejudge(file: str, examination: Examination, jobs: int = 1) -> Generator[Outcome]:
    """
    Yield the outcome for each line of *file*, ``-`` being stdin, from *jobs* processes.

    Neighbours that are no JSON are one failure: a file of something else has as many lines as it happens to have.
    Raise ``UsageError`` where the file cannot be opened.
    """
    with closing(_judged(file, Rejudgement(examination, LineNumbers(file)), jobs)) as judged:
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
    with closing(_answers(file, work, jobs)) as answers:
        for answer in chain.from_iterable(answers):
            if isinstance(answer, End):
                yield Failure(file, NOT_JUDGED.code, answer.complaint)
                return
            yield answer


def _answers(file: str, work: Rejudgement, jobs: int) -> Generator[list[Outcome | Noise | End]]:
    size = size_of(file) if jobs > 1 else None
    batches: Iterator[Batch | FilePart] = _batches(file) if size is None else _parts(file, size, jobs)
    first: list[Batch | FilePart] = []
    while not _is_worth_processes(first) and (batch := next(batches, None)):
        first.append(batch)
    is_worth = jobs > 1 and _is_worth_processes(first)
    if is_worth:
        # What judging the first batch loads, rules and policies, processes that are forked need not load again.
        yield work(first.pop(0))
    # To take data apart and send it around keeps this process busy enough.
    several = "processes" if size is None else "sharing"
    runner = runner_named(several if is_worth else "serial")
    with closing(runner.run(work, chain(first, batches), jobs)) as answers:
        for answer in answers:
            yield [answer] if isinstance(answer, Failure) else answer


def _is_worth_processes(batches: Sequence[Batch | FilePart]) -> bool:
    """Whether there is enough to do in *batches* for two processes beyond the first, which one does alone."""
    return len(batches) > 2 and sum(batch.size for batch in batches) > _WORTH_PROCESSES


def _parts(file: str, size: int, jobs: int) -> Iterator[FilePart]:
    """Yield the parts of *file*, of *size* bytes: their way to another process is shorter than that of lines."""
    begin, end = 0, min(_LEAST, size)
    while begin < end:
        yield FilePart(file, begin, end)
        begin, end = end, min(size, end + min(_MOST, max(_LEAST, (size - end) // (jobs * _PARTS))))


def _batches(file: str) -> Iterator[Batch]:
    """Yield the lines of *file* in batches."""
    lines: list[tuple[int, bytes]] = []
    size = 0
    try:
        for number, line in facts_lines(file):
            lines.append((number, line))
            size += len(line)
            if size >= _BATCH:
                yield Batch(file, tuple(lines))
                lines, size = [], 0
    except WheelError as error:
        yield Batch(file, tuple(lines), str(error))
        return
    if lines:
        yield Batch(file, tuple(lines))


def _as_one_failure(noise: Sequence[Noise]) -> Iterator[Failure]:
    if noise:
        more = f"; the same goes for {len(noise) - 1} more lines" if noise[1:] else ""
        yield Failure(noise[0].place, NOT_JUDGED.code, f"{noise[0].complaint}{more}")
