"""Baselines in files: what ``check --write-baseline`` writes and ``check --baseline`` goes by."""

import json
from pathlib import Path

from musl_audit.cli.output import output_to
from musl_audit.errors import UsageError
from musl_audit.judging.baseline import Baseline, from_document, to_document
from musl_audit.reporters.rows import readable


def read_baseline(path: str) -> Baseline:
    """Return the baseline in the file at *path*; raise ``UsageError`` where there is none."""
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UsageError(f"--baseline {path}: no such file; --write-baseline {path} writes it") from error
    except OSError as error:
        raise UsageError(f"--baseline {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--baseline {path}: is no JSON: {error}") from error
    try:
        return from_document(document)
    except UsageError as error:
        raise UsageError(f"--baseline {path}: {error}") from error


def write_baseline(path: str, baseline: Baseline) -> None:
    """Write *baseline* to *path*, whole or not at all."""
    document = readable(to_document(baseline))
    with output_to(path, "never") as output:
        output.write(json.dumps(document, indent=1, ensure_ascii=True) + "\n")
