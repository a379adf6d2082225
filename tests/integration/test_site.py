"""The documentation as a site: built strictly, and opened in a real browser."""

import functools
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.conftest import Miss
from tests.support.browser import browser, driver
from tests.support.cli import ROOT


class Quiet(SimpleHTTPRequestHandler):
    """A server of files that writes no log."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site(tmp_path: Path, miss: Miss) -> Iterator[str]:
    """The address of the site, built here and served on loopback."""
    if find_spec("mkdocs") is None:
        miss("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "NO_COLOR": "1"}
    )
    assert done.returncode == 0, done.stderr
    handler = functools.partial(Quiet, directory=str(tmp_path / "site"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_site_opens_in_a_browser(site: str, miss: Miss) -> None:
    """No complaint, the pictures are there, the sections are there, and a phone need not scroll sideways."""
    if driver() is None:
        miss("chromium")

    with browser() as chromium:
        chromium.open(f"{site}/")
        assert chromium.run("return [...document.images].filter(image => !image.naturalWidth).length") == 0
        titles = chromium.run(
            "return [...document.querySelectorAll('.md-nav__title, .md-nav__link')].map(x => x.innerText)"
        )
        assert isinstance(titles, list)
        said = " ".join(map(str, titles))
        assert all(word in said for word in ("Tutorial", "How to", "Reference", "Explanation", "Decisions"))
        chromium.open(f"{site}/reference/rules/", width=360, height=700)
        assert chromium.run("return document.documentElement.scrollWidth <= 360") is True
        assert chromium.complaints() == []
