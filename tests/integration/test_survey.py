"""`musl-audit survey`: a folder of wheels into a store, and questions to it."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.support.cli import ROOT, WHEELS, environment, musl_audit, wheel
from tests.support.surveys import rows, some_wheels, with_children

from musl_audit.adapters.stores.queries import StoreViews
from musl_audit.adapters.stores.survey import open_store

KILLS = int(os.environ.get("MUSL_AUDIT_KILLS", "6"))


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """Return a folder of forty wheels."""
    return some_wheels(tmp_path / "mirror", 40)


def survey(*words: str | Path, code: int = 0) -> dict[str, object]:
    """Return what a survey says it did."""
    answer = musl_audit("survey", *words, "--json")
    assert answer.code == code, answer.stderr
    return answer.json


def test_a_second_run_reads_nothing(mirror: Path, tmp_path: Path) -> None:
    """Files are known by path, size and time of modification."""
    first = survey(mirror, "--store", tmp_path / "store")
    second = survey(mirror, "--store", tmp_path / "store")

    assert (first["known"], second["read"], second["again"]) == (0, 0, 0)
    assert second["known"] == int(str(first["read"])) + int(str(first["skipped"]))


def test_facts_are_read_in_every_folder_below(tmp_path: Path) -> None:
    """A mirror has a folder for each project; a file of facts or a list of paths is as good."""
    deep = tmp_path / "mirror" / "d" / "demo"
    deep.mkdir(parents=True)
    shutil.copy(wheel("clean_x86_64"), deep)
    (tmp_path / "more.txt").write_text(f"# wheels\n{wheel('packed_relocations_x86_64')}\n")
    facts = musl_audit("show", "--facts", wheel("clean_aarch64")).stdout
    (tmp_path / "facts.jsonl").write_text(facts)

    found = survey(tmp_path / "mirror", tmp_path / "more.txt", tmp_path / "facts.jsonl", "--store", tmp_path / "s")

    assert (found["read"], found["broken"]) == (3, 1)


def test_a_changed_file_at_an_old_path_is_seen(tmp_path: Path) -> None:
    """Its size or its time says so."""
    mirror, store = tmp_path / "mirror", tmp_path / "store"
    mirror.mkdir()
    target = mirror / wheel("clean_x86_64").name
    shutil.copy(wheel("clean_x86_64"), target)
    survey(mirror, "--store", store)
    shutil.copy(wheel("packed_relocations_x86_64"), target)

    assert survey(mirror, "--store", store)["broken"] == 1


def test_other_policies_judge_from_facts(tmp_path: Path) -> None:
    """No wheel is opened: here there is none left to open."""
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    shutil.copy(wheel("packed_relocations_x86_64"), mirror)
    survey(mirror, "--store", tmp_path / "store")
    policies = Path(shutil.copytree(ROOT / "policies", tmp_path / "policies"))
    about = policies / "policy.json"
    about.write_text(about.read_text().replace('"version": "', '"version": "mine-'))
    for path in mirror.iterdir():
        path.write_bytes(b"")
        os.utime(path, (1, 1))
    (mirror / wheel("packed_relocations_x86_64").name).unlink()

    again = musl_audit("survey", mirror, "--store", tmp_path / "store", "--policies", policies, "--json")

    assert again.json["again"] == 1


def test_what_would_be_read_is_told(mirror: Path, tmp_path: Path) -> None:
    """And nothing is read, nor a store begun."""
    store = tmp_path / "store"
    survey(wheel("clean_x86_64"), "--store", store)

    told = survey(mirror, "--store", store, "--dry-run", "--limit", "7")

    assert (told["to_read"], rows(store)[0][0]) == (7, str(wheel("clean_x86_64")))


def test_several_processes_find_the_same_rows(mirror: Path, tmp_path: Path) -> None:
    """In whatever order they are done."""
    survey(mirror, "--store", tmp_path / "one", "--jobs", "1")
    survey(mirror, "--store", tmp_path / "two", "--jobs", "2")

    assert rows(tmp_path / "one") == rows(tmp_path / "two")


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_run_leaves_a_store_that_the_next_one_completes(mirror: Path, tmp_path: Path, seed: int) -> None:
    """At any moment: ``kill -9`` of all its processes; MUSL_AUDIT_KILLS says how many moments."""
    survey(mirror, "--store", tmp_path / "whole")
    store = tmp_path / "store"
    process = subprocess.Popen(
        [sys.executable, "-m", "musl_audit", "survey", mirror, "--store", store, "--jobs", "2", "--quiet"],
        env=environment(MUSL_AUDIT_SURVEY_ROWS="4"),
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(random.Random(seed).uniform(0.1, 2.0))  # noqa: S311
    with_children(process.pid, signal.SIGKILL)
    process.wait()

    survey(mirror, "--store", store)

    assert rows(store) == rows(tmp_path / "whole")
    assert list(open_store(str(store)).faults()) == []


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    """The second is told who is first; nothing is mixed."""
    store = tmp_path / "store"
    survey(wheel("clean_x86_64"), "--store", store)
    with open_store(str(store)).held():
        answer = musl_audit("survey", wheel("clean_aarch64"), "--store", store)

    assert answer.code == 4
    assert f"process {os.getpid()} on " in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_parts_are_merged(mirror: Path, tmp_path: Path) -> None:
    """With the same answers after it."""
    store = tmp_path / "store"
    for path in sorted(mirror.iterdir())[:3]:
        musl_audit("survey", path, "--store", store)
    before = rows(store)

    assert musl_audit("survey", "--store", store, "--compact").code == 0

    assert rows(store) == before
    assert len(open_store(str(store)).parts) == 3


def test_the_page(mirror: Path, tmp_path: Path) -> None:
    """One file without an address in it."""
    store, page = tmp_path / "store", tmp_path / "page.html"
    survey(mirror, "--store", store)

    assert musl_audit("survey", "report", "--store", store, "--output", page).code == 0

    text = page.read_text()
    assert "of 3" in text
    assert "http" not in text.replace('http-equiv="Content-Security-Policy"', "")


def test_sql_and_its_formats(tmp_path: Path) -> None:
    """Text, CSV and lines of JSON; files of this machine are out of its reach."""
    store = tmp_path / "store"
    survey(wheel("packed_relocations_x86_64"), "--store", store)
    query = "SELECT project, kept, codes FROM wheels"

    text = musl_audit("survey", "sql", query, "--store", store).stdout
    lines = musl_audit("survey", "sql", query, "--store", store, "--format", "jsonl").stdout
    refused = musl_audit("survey", "sql", "SELECT * FROM read_text('/etc/passwd')", "--store", store)

    assert "packed-relocations-x86-64  False  MUSL401" in text
    assert json.loads(lines) == {"project": "packed-relocations-x86-64", "kept": False, "codes": ["MUSL401"]}
    assert (refused.code, refused.stderr.count("\n")) == (2, 1)


def test_what_changed(tmp_path: Path) -> None:
    """Between two moments: a wheel that came broken."""
    store = tmp_path / "store"
    survey(wheel("packed_relocations_x86_64"), "--store", store)

    old = musl_audit("survey", "diff", "2020-01-01", "--store", store)
    none = musl_audit("survey", "diff", "2099-01-01", "--store", store)

    assert (old.code, none.code) == (1, 0)
    assert "new and broken" in old.stdout


def test_what_a_run_changed(tmp_path: Path) -> None:
    """A run that found nothing new is none."""
    store = tmp_path / "store"
    survey(wheel("clean_x86_64"), "--store", store)
    survey(wheel("packed_relocations_x86_64"), "--store", store)
    survey(wheel("clean_x86_64"), "--store", store)

    last = musl_audit("survey", "diff", "last", "--store", store, "--format", "jsonl").stdout
    both = musl_audit("survey", "diff", "last-1", "--store", store, "--format", "jsonl").stdout
    before = musl_audit("survey", "diff", "last-2", "--store", store)

    assert [json.loads(line)["kind"] for line in last.splitlines()] == ["new and broken"]
    assert [json.loads(line)["kind"] for line in both.splitlines()] == ["new", "new and broken"]
    assert (before.code, before.stderr.count("\n")) == (2, 1)


LISTS = {
    "of another version": '{"kind": "musl-audit survey", "layout": 99, "parts": []}',
    "no list": "[]",
    "outside": '{"kind": "musl-audit survey", "layout": 1, "parts": [{"name": "../x", "rows": 1, "size": 1}]}',
}


def damage(store: Path, kind: str) -> None:
    """Do to a store what its name says."""
    if kind in LISTS:
        (store / "parts.json").write_text(LISTS[kind])
        return
    for path in (*store.glob("verdicts/*"), *store.glob("wheels/*")):
        match kind:
            case "truncated":
                path.write_bytes(path.read_bytes()[:100])
            case "foreign":
                path.write_bytes(b"PAR1 no PAR1")
            case _:
                path.unlink()


@pytest.mark.parametrize("kind", [*LISTS, "truncated", "foreign", "gone"])
def test_a_damaged_store_is_one_line(kind: str, tmp_path: Path) -> None:
    """And whatever was there is left as it is."""
    store = tmp_path / "store"
    survey(wheel("clean_x86_64"), "--store", store)
    damage(store, kind)
    before = {path: path.read_bytes() for path in store.rglob("*.parquet")}

    answers = [
        musl_audit("survey", "sql", "SELECT * FROM wheels", "--store", store),
        musl_audit("survey", wheel("clean_aarch64"), "--store", store),
    ]

    assert [answer.code for answer in answers] == [4, 4]
    assert [answer.stderr.count("\n") for answer in answers] == [1, 1]
    assert {path: path.read_bytes() for path in store.rglob("*.parquet")} == before


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "no source given"),
        (["nothing-here"], 4, "no such file"),
        (["{mirror}", "--scheduler", "localhost"], 2, "an address such as tcp://"),
        (["{mirror}", "--since", "yesterday"], 2, "a day such as"),
        (["{mirror}", "--store", "{file}"], 2, "is a file, not a folder"),
        (["{mirror}", "--store", "{mirror}"], 2, "neither empty nor a store"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(words: list[str], code: int, said: str, tmp_path: Path) -> None:
    """With what would be right."""
    mirror, file = tmp_path / "mirror", tmp_path / "file"
    mirror.mkdir()
    shutil.copy(wheel("clean_x86_64"), mirror)
    file.write_text("")
    places = {"mirror": str(mirror), "file": str(file)}

    answer = musl_audit("survey", "--store", tmp_path / "store", *(word.format(**places) for word in words))

    assert answer.code == code
    assert said in answer.stderr


def test_an_empty_source_is_nothing_to_look_at(tmp_path: Path) -> None:
    """Exit 3, as for `check`."""
    (tmp_path / "mirror").mkdir()

    assert musl_audit("survey", tmp_path / "mirror", "--store", tmp_path / "store").code == 3


def test_the_api(tmp_path: Path) -> None:
    """A survey without a command line, as an Arrow table; references and a place are as good as what they mean."""
    from musl_audit import survey as run
    from musl_audit.adapters.candidates import find_candidates

    path = WHEELS / wheel("clean_x86_64").name
    store = open_store(str(tmp_path / "store"), create=True)
    done = run(find_candidates([str(path)]), store)
    again = run([path], tmp_path / "store")

    assert done.frame().column("project").to_pylist() == ["clean-x86-64"]
    assert (done.read, again.read, again.known) == (1, 0, 1)


def test_where_no_installer_takes_it_a_wheel_is_not_said_to_load(tmp_path: Path) -> None:
    """Alpine 3.12 is on musl 1.1, for which a tag of musl 1.2 is not offered."""
    store = tmp_path / "store"
    survey(wheel("clean_x86_64"), "--store", store)

    query = "SELECT list_contains(loads_at, 'alpine-3.12'), list_contains(loads_at, 'alpine-3.13') FROM wheels"
    assert StoreViews(open_store(str(store))).rows(query) == [(False, True)]
