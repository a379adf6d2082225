"""Where the reports of a run go: one to stdout or a file, and any number more, each in its format."""

from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager

from musl_audit.cli.output import Output, output_to
from musl_audit.errors import UsageError, did_you_mean
from musl_audit.frozen import frozen
from musl_audit.reporters import formats

STDOUT = "-"


@frozen
class ReportTarget:
    """A report that is asked for; path None: on stdout."""

    format: str
    path: str | None
    option: str = ""  # as it was said

    @property
    def is_for_people(self) -> bool:
        """Whether it goes to where somebody looks, as text."""
        return self.format == "text" and self.path is None


def destinations(format_name: str | None, outputs: Sequence[str]) -> tuple[ReportTarget, ...]:
    """
    Return the reports that ``--format`` and ``--output`` ask for together, the one on stdout first.

    ``FORMAT=FILE`` is one more; ``FILE`` alone is where the report of ``--format`` goes; ``-`` is stdout. Raise
    ``UsageError`` for an unknown format, and for two reports that would go to one place.

    >>> [(item.format, item.path) for item in destinations("json", ["sarif=x.sarif"])]
    [('json', None), ('sarif', 'x.sarif')]
    """
    asked = [_read(text, format_name or "text") for text in outputs]
    has_plain = any(not item.option for item in asked)
    on_stdout = [item for item in asked if item.path is None]
    if not on_stdout and not has_plain:
        asked.insert(0, ReportTarget(format_name or "text", None))
    elif on_stdout and format_name is not None and not has_plain:
        raise UsageError(f"--format {format_name} and --output {on_stdout[0].option} both write to stdout")
    _check_apart(asked)
    return tuple(sorted(asked, key=lambda item: item.path is not None))


def _read(text: str, format_name: str) -> ReportTarget:
    name, equals, path = text.partition("=")
    if not equals or not name.isalpha():
        return ReportTarget(format_name, None if text == STDOUT else text)
    known = formats()
    if name not in known:
        near = did_you_mean(name, known)
        raise UsageError(f"--output {text}: unknown format {name!r}{near} (a file of that name is ./{text})")
    if not path:
        raise UsageError(f"--output {text}: names no file")
    return ReportTarget(name, None if path == STDOUT else path, text)


def _check_apart(asked: Sequence[ReportTarget]) -> None:
    places = [item.path for item in asked]
    twice = next((item for item in asked if places.count(item.path) > 1), None)
    if twice is not None:
        raise UsageError(f"--output: two reports would be written to {twice.path or 'stdout'}")


@contextmanager
def opened(wanted: Sequence[ReportTarget], color: str) -> Generator[list[tuple[ReportTarget, Output]]]:
    """Yield every destination with what to write to; raise ``OutputError`` before any work where one cannot be."""
    with ExitStack() as stack:
        yield [(item, stack.enter_context(output_to(item.path, color, item.option))) for item in wanted]
