"""
Ask real pip and real uv about archives that can be read in two ways, and write ``docs/explanation/installers.md``.

Run from the root of the repository: ``python -m tools.installers``.
"""

import tempfile
from pathlib import Path

from tests.integration.test_two_installers import PAGE, row
from tests.support.double_readings import CASES

HEAD = """\
# What pip and uv make of odd archives

A wheel is a zip file, and a zip file can be made to say two things. Each of these archives is a sound wheel but for
what its name says; real pip and real uv were asked to install it. What `musl-audit check` passes, both install alike,
file by file and byte by byte; what one of them refuses is at least a warning. The tests hold all three to it
(`tests/integration/test_two_installers.py`); this page is written by `python -m tools.installers`.

| archive | `check` | pip | uv |
|---|---|---|---|
"""


def main() -> None:
    """Ask, and write the page."""
    with tempfile.TemporaryDirectory() as scratch:
        rows = [row(case, Path(scratch, str(number))) for number, case in enumerate(CASES)]
    PAGE.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    print(f"{len(rows)} archives")


if __name__ == "__main__":
    main()
