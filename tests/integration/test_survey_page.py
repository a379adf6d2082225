"""The page of a survey and the answers of its store: hostile names, a strict parser, a real Chromium, many rows."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import html5lib
import pytest
from tests.conftest import Miss
from tests.support.browser import browser, driver
from tests.support.cli import musl_audit
from tests.support.hostile import NAMES
from tests.support.surveys import some_wheels
from tools.speed.bench_survey import questions
from tools.speed.survey_inputs import replayed

from musl_audit.adapters.stores.layout import FindingRow, SightingRow, VerdictRow
from musl_audit.adapters.stores.queries import StoreViews
from musl_audit.adapters.stores.rows import table_of
from musl_audit.adapters.stores.survey import open_store
from musl_audit.workflows.survey_looking import clean

WIDTHS = (360, 768, 1280)
HTML = "{http://www.w3.org/1999/xhtml}"
NOW = "2026-11-02T08:00:00+00:00"


def verdict(number: int, name: str) -> VerdictRow:
    """Return a broken wheel that has *name* wherever a wheel can say anything."""
    return VerdictRow(
        sha256=f"{number:064}", policies=name, judge=name, judged=NOW, filename=name, project=name, version=name,
        arch="x86_64", kind="musllinux", loads="some", required_musl=name, kept=number % 3 == 0,
        is_mendable=number % 2 == 0, summary=name, loads_on=[name], loads_at=["alpine-3.18", name],
        fails_at=["alpine-3.13", name], codes=["MUSL401", name], findings=[FindingRow(name, name, name)],
    )  # fmt: skip


def sightings(number: int, name: str) -> Iterator[SightingRow]:
    """Yield one of that wheel, and one of a file of such a name that failed."""
    yield SightingRow(name, 1, name, f"{number:064}", "wheel", "", "", f"2026-{1 + number % 12:02}-01", NOW)
    yield SightingRow(f"{name}.whl", 1, name, None, "failed", name, name, None, NOW)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store in which all names are hostile."""
    place = tmp_path_factory.mktemp("hostile") / "store"
    names = [clean(name) for name in NAMES]
    store = open_store(str(place), create=True)
    with store.held():
        verdicts = [verdict(number, name) for number, name in enumerate(names)]
        seen = [row for number, name in enumerate(names) for row in sightings(number, name)]
        store.add({"verdicts": table_of("verdicts", verdicts), "sightings": table_of("sightings", seen)})
    return place


@pytest.fixture(scope="module")
def page(hostile: Path) -> Path:
    """Return the page about it."""
    path = hostile.parent / "page.html"
    assert musl_audit("survey", "report", "--store", hostile, "--output", path).code == 0
    return path


def test_hostile_names_make_valid_html_without_a_script_of_theirs(page: Path) -> None:
    """A parser that stops at the first error of the standard reads it; the one script is the one that is allowed."""
    text = page.read_text(encoding="utf-8")

    tree = html5lib.HTMLParser(strict=True).parse(text)

    tags = {element.tag.removeprefix(HTML) for element in tree.iter() if isinstance(element.tag, str)}
    attributes = {name for element in tree.iter() for name in element.attrib}
    scripts = [element.text or "" for element in tree.iter(f"{HTML}script")]
    assert not tags & {"img", "link", "iframe", "object", "svg", "form", "base", "embed"}
    assert not [name for name in attributes if name.startswith("on") or name in ("src", "action")]
    assert [element.get("href") for element in tree.iter(f"{HTML}a")] == ["#matrix"]
    allowed = re.findall(r"script-src 'sha256-([^']*)'", text)
    assert [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts] == allowed


def test_every_hostile_name_is_there_to_be_read(page: Path) -> None:
    """A row for each project, and nothing in them that a terminal or a browser would obey."""
    tree = html5lib.HTMLParser(strict=True).parse(page.read_text(encoding="utf-8"))
    (table,) = [element for element in tree.iter(f"{HTML}table") if element.get("id") == "projects"]

    names = ["".join(row.find(f"{HTML}th").itertext()) for row in table.find(f"{HTML}tbody")]

    assert len(names) == len({clean(name) for name in NAMES})
    assert not [name for name in names if not name.isprintable()]


def test_the_page_in_a_real_browser(page: Path, miss: Miss) -> None:
    """No complaint, no name that is run; searched, sorted by keyboard, dark, and no wider than a phone."""
    if driver() is None:
        miss("chromium")
    rows = "[...document.querySelectorAll('#projects tbody tr')]"
    with browser() as chromium:
        chromium.open(page.as_uri())
        light = chromium.run("return getComputedStyle(document.body).backgroundColor")
        chromium.run("document.getElementById('search').focus()")
        chromium.press("<")
        found = chromium.run(
            f"return {rows}.filter(row => !row.hidden).every(row => row.cells[0].innerText.includes('<'))"
        )
        chromium.run("document.querySelectorAll('#projects thead button')[3].focus()")
        chromium.press("\ue007")
        order = chromium.run("return document.querySelectorAll('#projects thead th')[3].getAttribute('aria-sort')")
        counts = chromium.run(f"return {rows}.map(row => Number(row.cells[3].innerText))")
        assert isinstance(counts, list)
        wide = []
        for width in WIDTHS:
            chromium.open(page.as_uri(), width=width, scheme="dark")
            wide.append(chromium.run("return document.documentElement.scrollWidth"))
        dark = chromium.run("return getComputedStyle(document.body).backgroundColor")
        complaints = chromium.complaints()

    assert (found, order, complaints) == (True, "ascending", [])
    assert counts == sorted(counts)
    assert [width for width, limit in zip(wide, WIDTHS, strict=True) if int(str(width)) > limit] == []
    assert light != dark


def test_hostile_names_come_out_of_sql_as_they_are(hostile: Path) -> None:
    """As lines of JSON; as text with every control character made visible, as CSV with no formula."""
    query = "SELECT project FROM wheels"
    answer = {form: musl_audit("survey", "sql", query, "--store", hostile, "--format", form).stdout for form in FORMS}

    rows = [json.loads(line)["project"] for line in answer["jsonl"].splitlines()]
    assert sorted(rows) == sorted({clean(name) for name in NAMES})
    assert len(answer["text"].splitlines()) == len(rows) + 1
    assert answer["text"].replace("\n", "").isprintable()
    assert not re.findall(r"^[=+@-]", answer["csv"], re.MULTILINE)


FORMS = ("jsonl", "text", "csv")


def test_names_are_data_in_every_question(hostile: Path) -> None:
    """The page asks about projects by their names: none of them is SQL."""
    answers = StoreViews(open_store(str(hostile)))

    (count,) = answers.rows("SELECT count(*) FROM wheels WHERE list_contains(?, project)", [[clean(x) for x in NAMES]])

    assert count[0] == len({clean(name) for name in NAMES})


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store of ten thousand wheels, those of the tests over and over."""
    folder = tmp_path_factory.mktemp("many")
    musl_audit("survey", some_wheels(folder / "mirror", 60), "--store", folder / "few", "--jobs", "1")
    replayed(open_store(str(folder / "few")), folder / "many", 10_000)
    return folder / "many"


def test_the_page_of_ten_thousand_wheels_is_small(many: Path, tmp_path: Path) -> None:
    """Large stores are summed up."""
    page = tmp_path / "page.html"
    assert musl_audit("survey", "report", "--store", many, "--output", page).code == 0

    assert page.stat().st_size <= 300_000
    assert "10,000" in page.read_text(encoding="utf-8") or "10000" in page.read_text(encoding="utf-8")
    html5lib.HTMLParser(strict=True).parse(page.read_text(encoding="utf-8"))


def test_the_documentation_asks_what_can_be_answered(many: Path) -> None:
    """Each question of the page about the store has rows, but for failures, of which there are none."""
    answers = StoreViews(open_store(str(many)))
    asked = questions()

    empty = [text for text in asked if not answers.rows(text)]

    assert len(asked) > 5
    assert [text for text in empty if "failures" not in text and "qsort_r" not in text] == []
