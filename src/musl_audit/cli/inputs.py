"""What a run is about: the wheels that its words mean."""

import os
from argparse import Namespace
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager

from musl_audit.adapters.sources import Input, find_sources
from musl_audit.errors import UsageError
from musl_audit.model import Failure, Skip


def inputs_of(references: Sequence[str], outputs: Iterable[str] = (), options: Namespace | None = None) -> list[Input]:
    """Return what *references* mean; raise ``UsageError`` where there are none, or an output would replace one."""
    if not references:
        raise UsageError("no wheel given: name a wheel, a directory of wheels, or a quoted glob")
    with names_as(references, options):
        inputs = list(find_sources(references))
    wheels = {item.identity for item in inputs if not isinstance(item, Skip | Failure)}
    for output in outputs:
        if os.path.realpath(output) in wheels:
            raise UsageError(f"--output {output}: is one of the wheels to read")
    return inputs


@contextmanager
def names_as(references: Sequence[str], options: Namespace | None) -> Generator[None]:
    """Let the names of projects among *references* mean, until the end of the block, the files that *options* say."""
    from musl_audit.adapters.sources import remote

    if options is None or not any(map(remote.accepts, references)):
        yield
        return
    if options.all_files:
        how = remote.Asking(index=options.index, takes_all=True)
    else:
        from musl_audit.adapters.catalogs import load_catalog
        from musl_audit.cli.index_options import destination_of

        catalog = load_catalog()
        place = str(catalog.releases[-1]) if options.on is None else options.on
        destination = destination_of(Namespace(on=place, python=options.python, arch=options.arch), catalog)
        how = remote.Asking(index=options.index, tags=destination.tags, pythons=destination.pythons)
    with remote.asking(how):
        yield
