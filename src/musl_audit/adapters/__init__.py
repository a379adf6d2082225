"""
The world: files, archives, processes, tools; one file per implementation of a port.

May import the core and nothing of ``reporters``, ``workflows`` or ``cli``.
Read ``archive/zips`` first: how a wheel is opened.
"""

import os
from collections.abc import Iterable


def module_names(folders: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the modules in *folders*, those of a package, sorted."""
    files = {name for folder in folders for name in os.listdir(folder) if name.endswith(".py")}
    return tuple(sorted(name.removesuffix(".py") for name in files - {"__init__.py"}))
