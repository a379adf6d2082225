"""How much there is to read: many wheels by rule, few by wheel, a line each, a table; at any width."""

import re
from pathlib import Path

import pytest
from tests.support.cli import WHEELS, Answer, musl_audit, wheel

BROKEN, CLEAN = wheel("packed_relocations_x86_64"), wheel("clean_x86_64")
MANY = sorted(path.name for path in WHEELS.glob("*.whl") if not path.name.startswith("hostile"))
COLUMNS = (40, 60, 80, 120, 200)


def check(*arguments: str | Path, columns: int = 80) -> Answer:
    """Return the answer of ``check`` among the test wheels."""
    return musl_audit("check", *arguments, cwd=WHEELS, env={"COLUMNS": str(columns)})


def test_many_wheels_are_grouped_by_rule() -> None:
    """What is said of twenty wheels is said once, and so is what helps."""
    lines = check(*MANY).stdout.splitlines()

    heads = [line for line in lines if re.match(r"MUSL\d{3} (error|warning|note) ", line)]
    assert len({tuple(line.split()[:2]) for line in heads}) == len(heads)
    severities = [line.split()[1] for line in heads]
    assert severities == sorted(severities, key=["error", "warning", "note"].index)
    assert next(line for line in heads if line.startswith("MUSL401")).endswith(" wheels")


def test_few_wheels_are_told_one_by_one() -> None:
    """Unless somebody asks for rules."""
    assert check(BROKEN.name).stdout.startswith(f"{BROKEN.name}\n  Crashes on Alpine 3.13–3.17.")
    assert check("--group-by", "rule", BROKEN.name).stdout.startswith("MUSL401 error packed-relocations: 1 wheel\n")


def test_both_ways_tell_the_same_findings() -> None:
    """Rule by rule, or wheel by wheel."""
    by_rule, by_wheel = (check("--group-by", way, *MANY).stdout for way in ("rule", "wheel"))

    assert set(re.findall(r"MUSL\d{3} (?:error|warning|note)", by_rule)) == set(
        re.findall(r"MUSL\d{3} (?:error|warning|note)", by_wheel)
    )


def test_verbose_names_all() -> None:
    """Nothing is left to be counted."""
    shown, all_shown = check(*MANY).stdout, check("--verbose", *MANY).stdout

    assert "(--verbose lists all)" in shown
    assert "(--verbose lists all)" not in all_shown


@pytest.mark.parametrize("way", ["rule", "wheel"])
@pytest.mark.parametrize("columns", COLUMNS)
def test_lines_are_wrapped_between_words(columns: int, way: str) -> None:
    """A line is wider only where it is one word, such as a path, or a command to copy; no code is torn apart."""
    lines = check("--group-by", way, *MANY, columns=columns).stdout.splitlines()

    wide = [line for line in lines if len(line) > columns and len(line.split()) > 3 and "musl-audit " not in line]
    assert wide == []
    assert not [line for line in lines if re.search(r"\bMUSL\d{0,2}$", line)]


def test_statistics_are_a_table_of_one_screen() -> None:
    """Rule × wheels × findings."""
    answer = check("--statistics", BROKEN.name, CLEAN.name)

    rows = [line.split() for line in answer.stdout.splitlines()]
    title = rows.index(["rule", "severity", "wheels", "findings", "name", "mended"])
    assert (title, rows[title + 1]) == (0, ["MUSL401", "error", "1", "1", "packed-relocations", "all"])
    many = [name for name in MANY if name.startswith(("clean", "missing", "packed", "suffix"))]
    assert len(check("--statistics", *many).stdout.splitlines()) < 20 < len(check(*many).stdout.splitlines())


def test_quiet_lines_are_for_grep() -> None:
    """``WHEEL: CODE severity message``, never wrapped."""
    lines = check("--quiet", *MANY, columns=40).stdout.splitlines()

    assert all(re.match(r".+\.whl: MUSL\d{3} (error|warning|note|failed) .", line) for line in lines)


def test_oneline_is_a_line_per_wheel() -> None:
    """The verdict of each, whatever became of it."""
    lines = musl_audit("show", "--oneline", BROKEN.name, CLEAN.name, "none.whl", cwd=WHEELS).stdout.splitlines()

    assert lines == [
        f"{BROKEN.name}: Crashes on Alpine 3.13–3.17. Works on Alpine 3.18 and later. `musl-audit repair` mends it.",
        f"{CLEAN.name}: Works on every known musl: Alpine 3.13 and later.",
        "none.whl: MUSL900 could not be read: no such file",
    ]


def test_the_summary_is_in_the_json() -> None:
    """For whoever writes a sentence about a wheel."""
    wheels = musl_audit("check", "--json", BROKEN).json["wheels"]

    assert isinstance(wheels, list)
    assert wheels[0]["summary"].startswith("Crashes on Alpine 3.13–3.17. Works on Alpine 3.18 and later.")


def test_no_member_is_listed_twice() -> None:
    """The ladder names the rule, the findings name the files."""
    said = musl_audit("show", BROKEN).stdout

    assert said.count("packed_relocations_x86_64.libs/libpointers.so") == 1


@pytest.mark.parametrize("command", ["check", "show"])
@pytest.mark.parametrize("case", ["mixed_time_abi_i686", "any_tag_with_binaries", "packed_relocations_x86_64"])
def test_no_member_is_said_twice(case: str, command: str) -> None:
    """What the message names is not listed again below it."""
    row = musl_audit("check", "--json", wheel(case)).json["wheels"][0]  # type: ignore[index]
    (finding,) = row["findings"]
    said = " ".join(musl_audit(command, "--verbose", wheel(case)).stdout.partition("Libraries from")[0].split())

    text = said.partition(finding["code"])[2] if command == "check" else said.partition("Findings:")[2]
    assert [text.count(member) for member in finding["members"]] == [1] * len(finding["members"])
