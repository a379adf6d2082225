"""The documentation says what the code does."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import Miss
from tools.docs import PAGES, ROOT

LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
MARKDOWN = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
CORPUS = ROOT / ".cache" / "corpus"


@pytest.mark.parametrize("name", sorted(PAGES))
def test_reference_pages_are_what_the_code_says(name: str) -> None:
    """`make docs` writes them again."""
    if name.endswith("cli.md") and sys.version_info >= (3, 13):
        pytest.skip("the page is written on 3.11: argparse prints short options otherwise since Python 3.13")

    assert (ROOT / name).read_text() == PAGES[name]()


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link is a file of the repository."""
    targets = [target for target in LINK.findall(page.read_text()) if "://" not in target]

    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("command", ["show", "repair"])
def test_the_readme_shows_what_is_printed(command: str, tmp_path: Path, miss: Miss) -> None:
    """The first screen is real output about a real wheel."""
    block = re.search(
        rf"```console\n\$ musl-audit {command} (\S+)\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL
    )
    assert block is not None
    wheel = CORPUS / block[1]
    if not wheel.exists():
        miss("corpus")
    (tmp_path / wheel.name).symlink_to(wheel)

    answer = subprocess.run(
        [sys.executable, "-m", "tests.support.frozen", command, wheel.name],
        cwd=tmp_path,
        env=os.environ | {"COLUMNS": "80", "NO_COLOR": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert answer.stdout == block[2]
