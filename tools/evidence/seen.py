"""
Which rule was seen in which real wheel, for the pages of the rules.

Judges the wheels that ``make corpus``, ``make test-real``, ``make good`` and ``make index-wheels`` fetched, and writes
``tools/data/seen.json``: how many they were, and for each rule the names of a few wheels of different projects in which
it has a finding.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from musl_audit import examine
from musl_audit.model import Report

ROOT = Path(__file__).resolve().parent.parent.parent
DATA = ROOT / "tools" / "data" / "seen.json"
PLACES = ("corpus", "real", "good", "index")
KEPT = 3  # wheels of a rule: enough to look it up


def seen(wheels: Iterable[Path]) -> dict[str, list[str]]:
    """Return the names of some of *wheels* by the rule that has a finding in them, one for each project."""
    found: dict[str, dict[str, str]] = {}
    for report in examine(map(str, wheels)):
        if isinstance(report, Report) and report.name is not None:
            for finding in report.findings:
                found.setdefault(finding.code, {}).setdefault(report.name.distribution.lower(), report.filename)
    return {code: sorted(names.values(), key=str.lower)[:KEPT] for code, names in sorted(found.items())}


def fetched() -> list[Path]:
    """Return the real wheels for musl that are there, each once."""
    paths = (path for place in PLACES for path in sorted((ROOT / ".cache" / place).rglob("*musllinux*.whl")))
    return list({path.name: path for path in paths if path.is_file()}.values())


def main() -> int:
    """Write the file."""
    wheels = fetched()
    document = {"examined": len(wheels), "rules": seen(wheels)}
    DATA.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    print(f"{len(wheels)} wheels")
    return 0


if __name__ == "__main__":
    sys.exit(main())
