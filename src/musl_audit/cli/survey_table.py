"""An answer to a survey's question, as text for a person or as a file for a program."""

import json
import sys
from typing import TYPE_CHECKING

from musl_audit.cli.output import output_to
from musl_audit.errors import OutputError, UsageError
from musl_audit.reporters.visible import visible

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = ("text", "csv", "jsonl", "parquet")
_RISKY = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for a formula


def write_table(table: "pa.Table", form: str, path: str | None) -> None:
    """Write *table* to stdout, or to the file at *path*, whole or not at all."""
    if form == "parquet":
        _parquet(table, path)
        return
    with output_to(path, "never") as output:
        output.write({"text": _text, "csv": _csv, "jsonl": _jsonl}[form](table))


def _text(table: "pa.Table") -> str:
    """Return columns under their names, as wide as they are."""
    rows = [table.column_names, *(map(_word, row.values()) for row in table.to_pylist())]
    lines = [[visible(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)] if lines[0] else []
    shown = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)
    return "".join(f"{line}\n" for line in shown)


def _csv(table: "pa.Table") -> str:
    import csv
    import io

    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(table.column_names)
    for row in table.to_pylist():
        writer.writerow([_harmless(_word(value)) for value in row.values()])
    return buffer.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_RISKY) else text


def _jsonl(table: "pa.Table") -> str:
    return "".join(json.dumps(row, default=str) + "\n" for row in table.to_pylist())


def _word(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(_word, value))
    return "" if value is None else str(value)


def _parquet(table: "pa.Table", path: str | None) -> None:
    import os

    import pyarrow.parquet as pq

    if path is None and sys.stdout.isatty():
        raise UsageError("--format parquet is for a file: give --output")
    if path is None:
        pq.write_table(table, sys.stdout.buffer)
        return
    part = f"{path}.{os.getpid()}.part"
    try:
        pq.write_table(table, part)
        os.replace(part, path)  # noqa: PTH105
    except OSError as error:
        raise OutputError(f"--output {path}: {error.strerror or error}") from error
    finally:
        if os.path.exists(part):  # noqa: PTH110
            os.unlink(part)  # noqa: PTH108
