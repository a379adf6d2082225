"""What tells pip, uv, pdm and their kind to ask one index, and no other."""

import os
from collections.abc import Mapping

# What a client reads the URL of its index from.
_INDEX = (
    "PIP_INDEX_URL",
    "UV_DEFAULT_INDEX",
    "PDM_PYPI_URL",
    "PIPENV_PYPI_MIRROR",
    "POETRY_PYPI_MIRROR_URL",  # read by the plug-in of that name
)
# What would lead it past the index: taken away, or set to the same index where a configuration file may say more.
_BY_PASSES = (
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
    "UV_NO_INDEX",
    "UV_OFFLINE",
    "PIP_NO_INDEX",
)
_NO_PROXY = ("no_proxy", "NO_PROXY")
LOOPBACK = "127.0.0.1"


def child_environment(variables: Mapping[str, str], index: str, nothing: str) -> dict[str, str]:
    """
    Return *variables* changed so that a client asks *index* and nobody else.

    pip's files may name extra indexes and links, which only a value of their variables puts aside: the same index, and
    the URL *nothing* of a page without links.
    """
    changed = {name: value for name, value in variables.items() if name not in _BY_PASSES}
    changed |= dict.fromkeys(_INDEX, index)
    changed |= {"PIP_EXTRA_INDEX_URL": index, "PIP_FIND_LINKS": nothing}
    for name in _NO_PROXY:
        changed[name] = ",".join(filter(None, (variables.get(name, ""), LOOPBACK)))
    return changed


def status_of(returncode: int) -> int:
    """
    Return what a shell reports for a child: 128 and the number of the signal that ended it.

    >>> status_of(3), status_of(-9)
    (3, 137)
    """
    return returncode if returncode >= 0 else 128 - returncode


def found_command(name: str, variables: Mapping[str, str]) -> str | None:
    """Return the path of a program as a shell would find it."""
    from shutil import which

    return which(name, path=variables.get("PATH", os.defpath))
