"""
Outcomes to text: one file per format, found by file name.

May import the core and nothing of ``adapters``, ``workflows`` or ``cli``; reporters return text and write none.
Read ``base`` first; a module named ``format_foo.py`` is ``--format foo``, and its ``make`` returns a reporter.
"""

import os
from importlib import import_module

from musl_audit.reporters.base import Heading, Reporter

_PREFIX = "format_"


def formats() -> tuple[str, ...]:
    """Return the names of the formats, sorted."""
    names = (name.removesuffix(".py") for name in os.listdir(os.path.dirname(__file__)) if name.endswith(".py"))
    return tuple(sorted(name.removeprefix(_PREFIX) for name in names if name.startswith(_PREFIX)))


def reporter(format_name: str, heading: Heading) -> Reporter:
    """Return a reporter for one run; its module alone is imported."""
    module = import_module(f"{__name__}.{_PREFIX}{format_name}")
    made: Reporter = module.make(heading)
    return made
