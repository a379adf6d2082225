"""The documentation says what the code does."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from tests.conftest import Miss
from tests.support.console import to_the_newest
from tools.docs import LABEL, LINKS_BEGIN, PAGES, ROOT

LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
MARKDOWN = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
FETCHED = (ROOT / ".cache" / "corpus", ROOT / ".cache" / "real")


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


def test_links_of_the_readme_are_absolute_and_from_one_place() -> None:
    """It is read on indexes, too: each link names a file of the repository, and `make docs` writes its address."""
    text, _, definitions = README.partition(LINKS_BEGIN)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    addresses = re.findall(r"^\[[^\]]+\]: (\S+)$", definitions, re.MULTILINE)

    assert LINK.findall(text) == []
    assert len(LABEL.findall(text)) > 20
    assert [label for label in LABEL.findall(text) if not (ROOT / label.partition("#")[0]).exists()] == []
    assert all(address.startswith(tuple(project["urls"].values())) for address in addresses)


def test_pages_name_no_other_address_of_the_project() -> None:
    """pre-commit's `repo:` and all else is that of ``[project.urls]``."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = {
        address
        for page in MARKDOWN
        for address in re.findall(r"https://[a-z.-]*musl-audit[^\s)`#>]*", page.read_text(encoding="utf-8"))
    }

    assert f"repo: {project['urls']['Source']}" in (ROOT / "docs" / "how-to" / "ci-gate.md").read_text(encoding="utf-8")
    assert not [address for address in found if not address.startswith(tuple(project["urls"].values()))]


README = (ROOT / "README.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"```console\n\$ (musl-audit (?:show|repair)[^\n]* (\S+\.whl))\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize(("command", "name", "output"), SHOWN, ids=[command for command, _, _ in SHOWN])
def test_the_readme_shows_what_is_printed(command: str, name: str, output: str, tmp_path: Path, miss: Miss) -> None:
    """The first screen is real output about real wheels."""
    wheel = next((path for folder in FETCHED if (path := folder / name).exists()), None)
    if wheel is None:
        miss("corpus")
        return
    (tmp_path / name).symlink_to(wheel)

    answer = subprocess.run(
        [sys.executable, "-m", *command.replace("musl-audit", "musl_audit").split()],
        cwd=tmp_path,
        env=os.environ | {"COLUMNS": "80", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert to_the_newest(answer.stdout) == to_the_newest(output)


def test_the_readme_shows_both_ends() -> None:
    """A crash, its cure, and a wheel that no musl loads."""
    assert len(SHOWN) == 3


def test_addresses_come_from_one_place() -> None:
    """``[project.urls]``: what pages and hooks say begins with one of them."""
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"].values()
    said = {
        match
        for page in (*MARKDOWN, ROOT / ".pre-commit-hooks.yaml", ROOT / "action.yml")
        for match in re.findall(r"https://musl-audit[^\s)>\"]*", page.read_text(encoding="utf-8"))
    }

    assert said
    assert [address for address in said if not address.startswith(tuple(urls))] == []
