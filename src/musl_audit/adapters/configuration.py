"""``[tool.musl-audit]``: what a project says once instead of on every command line."""

import os
import re
from collections.abc import Mapping
from os import PathLike

from musl_audit.errors import UsageError
from musl_audit.frozen import frozen
from musl_audit.loader.exclusion import why_no_glob
from musl_audit.model import Severity

FAIL_ON: Mapping[str, Severity | None] = {**{severity.value: severity for severity in Severity}, "never": None}


@frozen
class Configuration:
    """What a configuration file says; None and empty are what it does not say."""

    file: str | None = None  # as named to people: relative where it lies in the working directory
    floor: str | None = None
    fail_on: str | None = None
    exclude: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()


# A table of ours in any spelling: [tool.musl-audit], [tool."musl-audit"], tool.musl-audit.floor = …; a project that
# only names us in a list of requirements or in a command has none.
_MENTIONS_TABLE = rb"""(?m)^[ \t]*(?:\[.*|tool\b.*|["']?)musl-audit\b"""
KEYS = ("floor", "fail-on", "exclude", "select", "ignore", "per-file-ignores")


def nearest_configuration(directory: str | PathLike[str]) -> Configuration:
    """
    Return what the nearest ``pyproject.toml`` with ``[tool.musl-audit]`` says, from *directory* upwards.

    Raise ``UsageError`` where that file cannot be understood. A ``pyproject.toml`` without the table is passed by.
    """
    start = os.path.abspath(directory)
    folder = start
    while True:
        path = os.path.join(folder, "pyproject.toml")
        shown = "pyproject.toml" if folder == start else path
        table = _table(_bytes_if_there(path), shown)
        if table is not None:
            return _checked(table, shown)
        if folder == os.path.dirname(folder):
            return Configuration()
        folder = os.path.dirname(folder)


def _bytes_if_there(path: str) -> bytes:
    """Return what the file at *path* holds, nothing if there is none that may be read."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return b""


def read_configuration(path: str | PathLike[str]) -> Configuration:
    """Return what the file that the user named says; raise ``UsageError`` where it says nothing to musl-audit."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise UsageError(f"configuration {path}: {error.strerror}") from error
    table = _table(data, str(path))
    if table is None:
        raise UsageError(f"configuration {path}: there is no table [tool.musl-audit] in it")
    return _checked(table, str(path))


def _table(data: bytes, where: str) -> Mapping[str, object] | None:
    """Return the table of a TOML file; tomllib is slow to import, and most projects have nothing to say."""
    if not re.search(_MENTIONS_TABLE, data):
        return None
    import tomllib

    try:
        tools = tomllib.loads(data.decode()).get("tool", {})
    except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError
        raise UsageError(f"configuration {where}: {error}") from error
    table = tools.get("musl-audit") if isinstance(tools, dict) else None
    if table is not None and not isinstance(table, dict):
        raise UsageError(f"configuration {where}: tool.musl-audit is not a table")
    return table


def _checked(table: Mapping[str, object], file: str) -> Configuration:
    for key in table:
        if key not in KEYS:
            from musl_audit.errors import did_you_mean

            raise UsageError(f"configuration {file}: unknown key {key!r}{did_you_mean(key, KEYS)}")
    where = f"configuration {file}"
    return Configuration(
        file=file,
        floor=_text(table, "floor", where),
        fail_on=_fail_on(table, where),
        exclude=_globs(table.get("exclude", []), where),
        select=_texts(table.get("select", []), "select", where),
        ignore=_texts(table.get("ignore", []), "ignore", where),
        per_file_ignores=_per_file_ignores(table, where),
    )


def _text(table: Mapping[str, object], key: str, where: str) -> str | None:
    value = table.get(key)
    if value is not None and not isinstance(value, str):
        raise UsageError(f"{where}: {key} must be a string")
    return value


def _fail_on(table: Mapping[str, object], where: str) -> str | None:
    value = _text(table, "fail-on", where)
    if value is not None and value not in FAIL_ON:
        from musl_audit.errors import did_you_mean

        raise UsageError(
            f"{where}: fail-on is {value!r}, not one of {', '.join(FAIL_ON)}{did_you_mean(value, FAIL_ON)}"
        )
    return value


def _texts(value: object, key: str, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise UsageError(f"{where}: {key} must be a list of strings")
    return tuple(value)


def _globs(value: object, where: str) -> tuple[str, ...]:
    globs = _texts(value, "exclude", where)
    for glob in globs:
        if why := why_no_glob(glob):
            raise UsageError(f"{where}: exclude: {glob!r} is no glob: {why}")
    return globs


def _per_file_ignores(table: Mapping[str, object], where: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    value = table.get("per-file-ignores", {})
    if not isinstance(value, dict):
        raise UsageError(f"{where}: per-file-ignores must be a table of globs and lists of codes")
    return tuple((glob, _texts(codes, f"per-file-ignores.{glob!r}", where)) for glob, codes in value.items())
