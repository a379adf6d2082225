"""Run auditwheel's cases with both tools, and write the table of docs/explanation/auditwheel.md (``make peers``)."""

import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.peers.cases import CASES
from tests.peers.run import Grade, grade, run

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "auditwheel.md"
HEAD = """\
# Beside auditwheel, case by case

Written by `make peers`: what auditwheel's integration tests try, in our words (`tests/peers/cases.py`), done by
auditwheel 6.8.2 and by `musl-audit repair` with the same words. "Better": what a user wants comes of ours alone;
"same": of both, or of neither.

"""


def main() -> int:
    """Write the table, and return 1 where something is worse."""
    rows = []
    counts: Counter[Grade] = Counter()
    for case in CASES:
        with TemporaryDirectory() as scratch:
            found = grade(case, *run(case, Path(scratch)))
        counts[found] += 1
        why = case.purpose if found is Grade.ON_PURPOSE else ""
        rows.append(f"| {case.name} | {found} | {why} |".replace("|  |", "| |"))
        print(rows[-1])
    summary = ", ".join(f"{word}: {counts[word]}" for word in Grade)
    table = "\n".join(["| case | ours | why |", "|---|---|---|", *rows])
    PAGE.write_text(f"{HEAD}**{summary}.**\n\n{table}\n", encoding="utf-8")
    return 1 if counts[Grade.WORSE] else 0


if __name__ == "__main__":
    sys.exit(main())
