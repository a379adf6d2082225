"""The beginning of what ``musl-audit env`` says: what of the installed packages does not load, and the ways out."""

from collections.abc import Iterator, Sequence

from musl_audit.environment.installed.values import Asked, Installation
from musl_audit.environment.installed.ways_out import WayOut, ways_out
from musl_audit.policy import Catalog
from musl_audit.reporters.base import Paint, plain
from musl_audit.reporters.installed_words import verdict
from musl_audit.reporters.style import BAD, BOLD, GOOD
from musl_audit.reporters.text_layout import paragraph
from musl_audit.reporters.visible import visible


class InstalledText:
    """The first lines of the report about an environment."""

    def __init__(self, catalog: Catalog, *, width: int, paint: Paint = plain, is_quiet: bool = False) -> None:
        self._catalog = catalog
        self._width = width
        self._paint = paint
        self._is_quiet = is_quiet

    def lines(self, installations: Sequence[Installation], asked: Asked) -> Iterator[str]:
        """Yield the verdict and the ways out, and an empty line; nothing where no interpreter was read."""
        if not installations:
            return
        is_broken = any(item.broken for item in installations)
        style = BAD if is_broken else GOOD if not any(item.why_not for item in installations) else BOLD
        for sentence in verdict(installations):
            yield from (self._paint(line, style) for line in paragraph(visible(sentence), self._width))
        for installation in installations if not self._is_quiet else ():
            yield from self._ways(installation, asked)
        yield ""

    def _ways(self, installation: Installation, asked: Asked) -> Iterator[str]:
        ways = ways_out(installation, self._catalog, asked)
        if not ways:
            return
        yield ""
        yield self._paint("Ways out", BOLD)
        for way in ways:
            yield from self._way(way)

    def _way(self, way: WayOut) -> Iterator[str]:
        """Yield what a way does, and its commands, which are never wrapped: a shell takes them as they stand."""
        end = ":" if way.commands else ""
        yield from paragraph(visible(way.sentence) + end, self._width, first="  - ", rest="    ")
        yield from (f"      {visible(command)}" for command in way.commands)
