"""What a run is about: the wheels that its words mean."""

import os
from collections.abc import Iterable, Sequence

from musl_audit.adapters.sources import Input, find_sources
from musl_audit.errors import UsageError
from musl_audit.model import Failure, Skip


def inputs_of(references: Sequence[str], outputs: Iterable[str] = ()) -> list[Input]:
    """Return what *references* mean; raise ``UsageError`` where there are none, or an output would replace one."""
    if not references:
        raise UsageError("no wheel given: name a wheel, a directory of wheels, or a quoted glob")
    inputs = list(find_sources(references))
    wheels = {item.identity for item in inputs if not isinstance(item, Skip | Failure)}
    for output in outputs:
        if os.path.realpath(output) in wheels:
            raise UsageError(f"--output {output}: is one of the wheels to read")
    return inputs
