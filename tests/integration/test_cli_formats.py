"""What the real command prints: text, JSON by its schema, lines, annotations, Markdown."""

import gzip
import json
from copy import deepcopy
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from tests.support.cli import SCHEMAS, WHEELS, musl_audit, wheel
from tests.support.values import newest

CLEAN = wheel("clean_x86_64")
BROKEN = wheel("packed_relocations_x86_64")
HOSTILE = wheel("hostile_needed")


def closed(schema: object) -> object:
    """Return *schema* with every object closed: what it does not describe is an error."""
    match schema:
        case dict() if "properties" in schema:
            return {"additionalProperties": False, **{key: closed(value) for key, value in schema.items()}}
        case dict():
            return {key: closed(value) for key, value in schema.items()}
        case list():
            return [closed(value) for value in schema]
        case _:
            return deepcopy(schema)


def validator(name: str) -> Draft202012Validator:
    """Return a validator of the published schema that also refuses what the schema does not mention."""
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    strict = closed(schema)
    assert isinstance(strict, dict)
    return Draft202012Validator(strict)


@pytest.fixture
def inputs(tmp_path: Path) -> list[Path]:
    """One input of each kind: broken, clean, hostile, a source distribution, a file that is no zip, one that is not."""
    (tmp_path / "foo-1.0.tar.gz").write_bytes(b"")
    (tmp_path / "foo-1.0-py3-none-musllinux_1_2_x86_64.whl").write_bytes(b"")
    names = ("foo-1.0.tar.gz", "foo-1.0-py3-none-musllinux_1_2_x86_64.whl", "none.whl")
    return [BROKEN, CLEAN, HOSTILE, *(tmp_path / name for name in names)]


@pytest.mark.parametrize("command", ["show", "check"])
def test_json_is_what_its_schema_says(command: str, inputs: list[Path]) -> None:
    """The JSON is a contract; scripts outside the project read it."""
    answer = musl_audit(command, "--json", "--ignore", "MUSL101", *inputs)

    validator("report").validate(answer.json)
    assert answer.json["exit_code"] == answer.code == 4
    assert answer.stdout.count("\n") == 1


def test_json_of_every_test_wheel_is_what_its_schema_says() -> None:
    """Every rule, every architecture, every way to be broken."""
    answer = musl_audit("check", "--json", WHEELS)

    validator("report").validate(answer.json)


def test_json_lines_are_what_their_schema_says(inputs: list[Path]) -> None:
    """A header, a line per input in their order, a summary."""
    answer = musl_audit("check", "--format", "jsonl", *inputs)
    lines = [json.loads(line) for line in answer.stdout.splitlines()]

    for line in lines:
        validator("report-lines").validate(line)
    kinds = ["header", "wheel", "wheel", "wheel", "skipped", "failure", "failure", "summary"]
    assert [line["type"] for line in lines] == kinds


def test_json_and_its_lines_say_the_same(inputs: list[Path]) -> None:
    """One is the other, cut up."""
    whole = musl_audit("check", "--json", *inputs).json
    lines = [json.loads(line) for line in musl_audit("check", "--format", "jsonl", *inputs).stdout.splitlines()]

    wheels = [{key: value for key, value in line.items() if key != "type"} for line in lines if line["type"] == "wheel"]
    assert wheels == whole["wheels"]
    assert lines[-1]["summary"] == whole["summary"]


def test_json_is_ascii_and_the_same_every_time(inputs: list[Path]) -> None:
    """Stable order, whatever the hash seed; any reader can take it."""
    runs = {musl_audit("check", "--json", *inputs, env={"PYTHONHASHSEED": seed}).stdout for seed in "123"}

    assert len(runs) == 1
    assert runs.pop().isascii()


def test_json_says_what_the_design_says() -> None:
    """The names and the nesting of the contract, on a wheel with packed relocations."""
    report = musl_audit("check", "--json", BROKEN).json

    wheels = report["wheels"]
    assert isinstance(wheels, list)
    (row,) = wheels
    (claim,) = row["claims"]
    (finding,) = row["findings"]
    assert report["summary"] == {
        "examined": 1,
        "skipped": 0,
        "failed": 0,
        "errors": 1,
        "warnings": 0,
        "notes": 0,
        "unused_ignores": [],
        "known": 0,
        "gone": [],
    }
    assert claim == {
        "tag": "musllinux_1_2_x86_64",
        "series": "1.2",
        "arch": "x86_64",
        "floor": "1.2.2",
        "floor_source": "policy",
        "kept": False,
        "broken_on": ["1.2.2", "1.2.3"],
    }
    assert (row["loads"], row["required_musl"], row["loads_on"][-1]) == ("some", "1.2.4", newest())
    assert (finding["code"], finding["fails_on"], finding["fixed_since"]) == ("MUSL401", ["1.2.2", "1.2.3"], "1.2.4")
    assert finding["fix"] == {"kind": "unpack-relocations", "automatic": True}
    assert row["decided_by"][0]["code"] == "MUSL401"
    alpine = next(item for item in row["distributions"] if item["id"] == "alpine-3.17")
    assert (alpine["musl"], alpine["loads"], alpine["because"]) == ("1.2.3", False, 0)


def test_settings_are_in_the_report() -> None:
    """A report says what was asked for."""
    options = (
        "--floor",
        "alpine-3.18",
        "--fail-on",
        "never",
        "--select",
        "packed-relocations,MUSL1",
        "--exclude",
        "x*",
    )
    answer = musl_audit("check", "--json", "--ignore", "musl3", *options, BROKEN)

    assert answer.json["settings"] == {
        "floor": "alpine-3.18",
        "fail_on": "never",
        "select": ["MUSL401", "MUSL1"],
        "ignore": ["MUSL3"],
        "exclude": ["x*"],
        "per_file_ignores": {},
        "config_file": None,
    }


def test_the_last_format_wins() -> None:
    """``--json`` is ``--format json``."""
    assert musl_audit("check", "--json", "--format", "text", CLEAN).stdout == "Found nothing wrong in 1 wheel\n"


def test_output_goes_to_a_file(tmp_path: Path) -> None:
    """The same bytes as on stdout."""
    file = tmp_path / "report.json"

    answer = musl_audit("check", "--json", "--output", file, BROKEN)

    assert (answer.code, answer.stdout) == (1, "")
    assert file.read_text() == musl_audit("check", "--json", BROKEN).stdout


def test_check_begins_with_the_verdict_and_ends_with_what_to_do() -> None:
    """The wheel, where it crashes, what was found and what helps; then the counts and the next step."""
    lines = musl_audit("check", BROKEN.name, CLEAN.name, cwd=WHEELS).stdout.splitlines()

    assert lines[:2] == [BROKEN.name, "  Crashes on Alpine 3.13–3.17. Works on Alpine 3.18 and later. `musl-audit"]
    assert lines[3].startswith("  MUSL401 error packed relocations (DT_RELR)")
    assert f"    hint: musl-audit repair {BROKEN.name}" in lines
    assert "      or: move to Alpine 3.18 or later" in lines
    assert lines[-5:-2] == [
        "Found 1 error in 2 wheels",
        "`musl-audit repair` mends the error",
        "`--floor supported` does without the error: only old distributions are hit",
    ]


def test_quiet_check_has_nothing_but_findings() -> None:
    """For grep."""
    answer = musl_audit("check", "--quiet", BROKEN, CLEAN)

    assert [line.split(" ")[1] for line in answer.stdout.splitlines()] == ["MUSL401"]


def test_annotations_of_github() -> None:
    """One workflow command per finding; the counts are no command."""
    lines = musl_audit("check", "--format", "github", BROKEN, CLEAN).stdout.splitlines()

    assert lines[0].startswith(f"::error file={BROKEN},title=MUSL401 packed-relocations::Crashes on Alpine 3.13–3.17.")
    assert lines[0].count("%0A") == 4
    assert f"hint: run `musl-audit repair {BROKEN}`, or " in lines[0]
    assert lines[0].endswith("%0Asee: https://musl-audit.invalid/docs/reference/rules/#musl401-packed-relocations")
    assert lines[1:] == ["Found 1 error in 2 wheels"]


def test_markdown_has_the_ladder_as_a_table() -> None:
    """For the summary of a job."""
    lines = musl_audit("check", "--format", "markdown", BROKEN).stdout.splitlines()

    table = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| 1.")]
    assert [row[:2] for row in table] == [
        [f"1.2.4–{newest()}", "✅ yes"],
        ["1.2.2–1.2.3", "❌ no, though `musllinux_1_2_x86_64` promises it"],
        ["1.1.0–1.2.1", "no"],
    ]


def test_facts_judged_later_give_the_same_report(tmp_path: Path) -> None:
    """An index is read once, and judged again whenever a policy changes."""
    facts = tmp_path / "facts.jsonl"
    names = [path.name for path in sorted(WHEELS.glob("*.whl"))]
    written = musl_audit("show", "--facts", "--output", facts, *names, cwd=WHEELS)

    later = musl_audit("check", "--json", "--from-facts", facts)

    assert written.code in (0, 4)  # some cannot be read
    assert later.json["wheels"] == musl_audit("check", "--json", *names, cwd=WHEELS).json["wheels"]


def test_facts_are_judged_alike_by_any_number_of_processes(tmp_path: Path) -> None:
    """Which read the lines of a file by their places, and are sent those of compressed data."""
    names = [path.name for path in sorted(WHEELS.glob("*.whl"))]
    lines = musl_audit("show", "--facts", *names, cwd=WHEELS).stdout.encode("utf-8", "surrogateescape")
    document = b"\n \n".join([b"", b"[", lines, b"{}", b"no", b"more", lines])
    while len(document) < 3 << 20:  # several batches, or one process has it all
        document += b"\n" + document
    facts, packed = tmp_path / "facts.jsonl", tmp_path / "facts.jsonl.gz"
    facts.write_bytes(document)
    packed.write_bytes(gzip.compress(document, 1))
    judge = ("check", "--json", "--from-facts")

    alone = musl_audit(*judge, facts).stdout

    assert musl_audit(*judge, facts, "--jobs", "2").stdout == alone
    assert musl_audit(*judge, packed, "--jobs", "2").stdout == alone.replace(str(facts), str(packed))


def test_facts_come_from_stdin_too() -> None:
    """``show --facts … | check --from-facts -``."""
    facts = musl_audit("show", "--facts", BROKEN).stdout

    assert musl_audit("check", "--from-facts", "-", stdin=facts.encode()).code == 1


def test_facts_that_are_none_are_a_row(tmp_path: Path) -> None:
    """One bad line does not stop the others."""
    facts = tmp_path / "facts.jsonl"
    facts.write_text("{}\n[\n" + musl_audit("show", "--facts", CLEAN).stdout)

    answer = musl_audit("check", "--json", "--from-facts", facts)

    failures, wheels = answer.json["failures"], answer.json["wheels"]
    assert isinstance(failures, list)
    assert isinstance(wheels, list)
    assert (answer.code, [row["path"] for row in failures], len(wheels)) == (4, [f"{facts}:1", f"{facts}:2"], 1)


@pytest.mark.parametrize(
    ("arguments", "schema"),
    [
        (("policy", "list", "--json"), "report-policy-list"),
        (("policy", "diff", "1.1.24", "1.2.4", "--arch", "i686", "--json"), "report-policy-diff"),
    ],
)
def test_json_about_policies_is_what_its_schema_says(arguments: tuple[str, ...], schema: str) -> None:
    """Every JSON that the tool prints has a schema."""
    validator(schema).validate(musl_audit(*arguments).json)


def test_a_rule_is_found_by_code_and_by_name() -> None:
    """The same page as in the documentation."""
    by_code, by_name = musl_audit("rule", "MUSL401"), musl_audit("rule", "packed-relocations")

    assert by_code == by_name
    assert by_code.stdout.startswith("MUSL401 packed-relocations (error)\n")


def test_rules_are_listed() -> None:
    """Code, severity, name and what it is about."""
    lines = musl_audit("rule").stdout.splitlines()

    assert "MUSL401 error   packed-relocations" in lines
    assert sum(line.startswith("MUSL") for line in lines) >= 36


def test_policies_of_a_distribution_can_be_looked_up() -> None:
    """What ``--floor alpine-3.18`` means."""
    assert "alpine-3.18" in musl_audit("policy", "list").stdout


def test_releases_can_be_compared() -> None:
    """``qsort_r`` came in 1.2.3."""
    answer = musl_audit("policy", "diff", "1.2.2", "1.2.3")

    assert "  pthread_getname_np qsort_r\n" in answer.stdout
