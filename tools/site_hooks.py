"""
What mkdocs is told about the pages: their order, and where links out of the documentation lead.

The same Markdown is read in the repository, where a link may lead to any file, and on the site, where such a file is
only to be found in the repository.
"""

import posixpath
import re
import tomllib
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
SECTIONS = {
    "Tutorial": "tutorial",
    "How to": "how-to",
    "Reference": "reference",
    "Explanation": "explanation",
    "Upstream": "upstream",
    "Decisions": "adr",
}
LINK = re.compile(r"(\]\()((?:\.\./)+[^)#\s]*)")


def address(label: str) -> str:
    """Return an address of the project: ``[project.urls]`` is the one place."""
    urls: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]
    return urls[label]


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Order the pages: sections as they are learned, pages by name."""
    docs = ROOT / "docs"
    alone = sorted(path.name for path in docs.glob("*.md") if path.name != "index.md")
    sections = [{title: _pages(docs, folder)} for title, folder in SECTIONS.items() if (docs / folder).is_dir()]
    config.nav = ["index.md", *sections, *alone]
    config.site_url = address("Documentation") + "/"
    config.repo_url = address("Source")
    return config


def _pages(docs: Path, folder: str) -> list[str]:
    return sorted(path.relative_to(docs).as_posix() for path in (docs / folder).rglob("*.md"))


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Let links that leave ``docs/`` lead to the repository."""
    here = posixpath.dirname(page.file.src_uri)

    def led(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join("docs", here, match[2]))
        inside = target == "docs" or target.startswith("docs/")
        return match[0] if inside and not target.endswith("/") else f"{match[1]}{address('Source')}/blob/main/{target}"

    return LINK.sub(led, markdown)
