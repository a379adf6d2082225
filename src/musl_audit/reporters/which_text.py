"""What ``which`` says to a person: the version, its file, and what the newer ones fail of."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from musl_audit.environment.choices import Choice, Cost, Status, VersionRung
from musl_audit.environment.obstacles import reason_of
from musl_audit.frozen import frozen
from musl_audit.reporters.base import Paint, plain
from musl_audit.reporters.style import BAD, BOLD, GOOD, plural
from musl_audit.reporters.text_layout import paragraph
from musl_audit.reporters.visible import visible

_LEFT_SHOWN = 3


@frozen
class WhichText:
    """How the answers look."""

    width: int = 80
    paint: Paint = plain
    is_quiet: bool = False
    is_ladder: bool = False

    def heading(self, place: str, python: str, arch: str) -> str:
        """Return where wheels are to load."""
        return "" if self.is_quiet else f"On {visible(place)}, {arch}, Python {python}:\n"

    def choice(self, choice: Choice) -> str:
        """Return what there is to say about one requirement."""
        if choice.is_locked:
            return self._locked(choice)
        lines = [self._headline(choice)]
        if choice.found is not None and not self.is_quiet:
            lines += self._wrapped(self._file(choice.found))
        lines += self._ladder(choice) if self.is_ladder else self._newer(choice)
        if choice.unfit and not self.is_quiet:
            first, last = choice.unfit[-1], choice.unfit[0]
            span = first if first == last else f"{first}–{last}"
            lines += self._wrapped(f"{span}: no wheel for this Python and platform")
        return "\n".join(lines) + "\n"

    def end(self, cost: Cost) -> str:
        """Return what it cost."""
        if self.is_quiet or not cost.files:
            return ""
        looked, total = plural(cost.files, "file"), megabytes(cost.size)
        return f"Looked at {looked} of {total}; fetched {megabytes(cost.received)}, pages included.\n"

    def _locked(self, choice: Choice) -> str:
        """Return what becomes of the file that a lock names; one that loads is told only aloud."""
        name = self.paint(visible(choice.requirement), BOLD)
        if choice.status is Status.NONE:
            lines = [f"{name}: {self.paint('does not load', BAD)}"]
            lines += self._wrapped(visible(reason_of(choice.rungs[0])))
            return "\n".join(lines) + "\n"
        if choice.status is Status.FOUND:
            return "" if self.is_quiet else f"{name}: {self.paint('loads', GOOD)}\n"
        return f"{self._headline(choice)}\n"

    def _headline(self, choice: Choice) -> str:
        name = self.paint(visible(choice.requirement), BOLD)
        match choice.status:
            case Status.FOUND if choice.found is not None:
                return f"{name}: {self.paint(visible(choice.found.version), GOOD)}"
            case Status.MISSING:
                return f"{name}: {self.paint('no index has this project', BAD)}"
            case Status.SKIPPED:
                return f"{name}: skipped: {visible(choice.message)}"
            case Status.FAILED:
                return f"{name}: {self.paint('could not be asked', BAD)}: {visible(choice.message)}"
            case _:
                what = "no version of it loads" if choice.rungs else "no version of it has a wheel that fits"
                return f"{name}: {self.paint(what, BAD)}"

    def _file(self, rung: VersionRung) -> str:
        chosen = rung.chosen
        if chosen is None:
            return ""
        doubt = ", as far as can be told" if chosen.loads is None else ""
        return f"{visible(chosen.file.filename)}{doubt}"

    def _newer(self, choice: Choice) -> Iterator[str]:
        """Yield what the versions before the one that was found fail of, those with one reason in one line."""
        found = choice.found
        failing = choice.rungs[: choice.rungs.index(found)] if found else choice.rungs
        for reason, rungs in groupby(failing, key=reason_of):
            yield from self._wrapped(f"{_span(list(rungs))}: {visible(reason)}")

    def _ladder(self, choice: Choice) -> Iterator[str]:
        column = max((len(rung.version) for rung in choice.rungs), default=0)
        for rung in choice.rungs:
            if rung.chosen is not None:
                word, rest = self.paint("loads", GOOD), rung.chosen.file.filename
            else:
                word, rest = self.paint("fails", BAD), reason_of(rung)
            yield f"  {visible(rung.version).ljust(column)}  {word}  {visible(rest)}"

    def _wrapped(self, text: str) -> list[str]:
        return paragraph(text, self.width, first="  ", rest="    ")


def _span(rungs: Sequence[VersionRung]) -> str:
    """Return the versions of *rungs*, newest first, as a list or a range."""
    versions = [visible(rung.version) for rung in rungs]
    if len(versions) <= _LEFT_SHOWN:
        return ", ".join(versions)
    return f"{versions[-1]}–{versions[0]} ({len(versions)} versions)"


def megabytes(count: int) -> str:
    """
    Return a number of bytes for people.

    >>> megabytes(1_500_000), megabytes(900), megabytes(250_000_000)
    ('1.5 MB', '0.9 kB', '250 MB')
    """
    if count < 100_000:
        return f"{count / 1000:.1f} kB"
    return f"{count / 1_000_000:.1f} MB" if count < 100_000_000 else f"{count / 1_000_000:.0f} MB"
