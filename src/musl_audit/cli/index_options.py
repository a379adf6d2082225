"""What ``which`` and ``index`` are asked alike: where wheels are to load, and which indexes offer them."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Generator
from contextlib import contextmanager

from musl_audit.adapters.stores.directory import Store, cache_directory
from musl_audit.adapters.stores.kinds import verdict_store
from musl_audit.environment.destination import Destination
from musl_audit.policy import Catalog

TYPE_CHECKING = False  # as typing has it: importing typing takes 2 ms
if TYPE_CHECKING:
    from musl_audit.adapters.indexes.projects import IndexGroup


def add_destination(parser: ArgumentParser) -> None:
    """Add where wheels are to load."""
    group = parser.add_argument_group("where")
    group.add_argument(
        "--on",
        metavar="PLACE",
        default=".",
        help="a distribution (alpine-3.15), a musl release (1.2.2), or a Python; default: . (the python3 on PATH)",
    )
    group.add_argument(
        "--python", metavar="VERSION", help="3.11, 3.11.2 or 3.13t; default: that of PLACE, or of this Python"
    )
    group.add_argument("--arch", metavar="ARCH", help="x86_64, aarch64 …; default: that of PLACE, or of this machine")


def add_indexes(parser: ArgumentParser) -> None:
    """Add which indexes offer wheels."""
    group = parser.add_argument_group("indexes")
    group.add_argument(
        "--index",
        "--index-url",
        "-i",
        metavar="URL",
        help="default: as pip and uv are configured, else pip's own default",
    )
    group.add_argument("--extra-index-url", metavar="URL", action="append", default=[], help="one more (repeatable)")
    group.add_argument(
        "--find-links", "-f", metavar="PLACE", action="append", default=[], help="a directory, or a page with links"
    )
    group.add_argument("--timeout", metavar="SECONDS", type=seconds, default=15.0, help="default: 15")
    group.add_argument("--no-cache", action="store_true", help="neither read nor write what is kept of earlier runs")


def seconds(text: str) -> float:
    """Return the number of seconds that *text* says."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 100_000:
        raise ArgumentTypeError(f"{text!r} is not a number of seconds")
    return value


def destination_of(options: Namespace, catalog: Catalog) -> Destination:
    """Return where wheels are to load; raise ``UsageError`` where that is nowhere that can be judged."""
    from musl_audit.workflows.places import destination_named

    return destination_named(options.on, options.python, options.arch, catalog)


# --- Indexes -----------------------------------------------------------------------------------------------


@contextmanager
def group_of(options: Namespace) -> "Generator[IndexGroup]":
    """Yield the indexes to ask, whose connections are closed behind it."""
    from musl_audit.workflows.choosing_one import asking

    links = getattr(options, "find_links", ())
    with asking(options.index, options.extra_index_url, links, timeout=options.timeout) as group:
        yield group


def store_of(options: Namespace) -> Store | None:
    """Return where verdicts are kept."""
    return None if options.no_cache else verdict_store(cache_directory())
