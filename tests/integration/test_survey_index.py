"""`musl-audit survey` of what an index offers: projects, requirements, URLs; whoever examines a wheel fetches it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.cli import Answer, wheel
from tests.support.indexes import (
    Answerer,
    Reply,
    Site,
    file_reply,
    in_process,
    json_reply,
    offered,
    page_row,
    served,
    site_of,
)
from tests.support.surveys import rows

from musl_audit.adapters.stores.queries import StoreViews
from musl_audit.adapters.stores.survey import open_store

pytest.importorskip("httpx")

MUSL = "cp312-cp312-musllinux_1_2_x86_64.whl"


def survey(*words: str | Path, code: int = 0) -> dict[str, object]:
    """Return what a survey says it did, whatever this machine is configured to ask."""
    answer = ask(*words, "--json")
    assert answer.code == code, answer.stderr
    return answer.json


def ask(*words: str | Path) -> Answer:
    """Return the answer of `musl-audit survey`."""
    return in_process("survey", *map(str, words), "--jobs", "1", PIP_CONFIG_FILE="/dev/null", NETRC="/dev/null")


@pytest.fixture
def wheels(tmp_path: Path) -> list[Path]:
    """Return two versions of a project, the newer of which crashes before musl 1.2.4, and one of another."""
    (folder := tmp_path / "offered").mkdir()
    packed, clean = wheel("packed_relocations_x86_64"), wheel("clean_x86_64")
    return [
        offered(packed, f"demo-2.0-{MUSL}", folder),
        offered(clean, f"demo-1.0-{MUSL}", folder),
        offered(clean, f"other-1.0-{MUSL}", folder),
    ]


@pytest.fixture
def site(wheels: list[Path]) -> Iterator[Site]:
    """Yield an index of them."""
    with served(site_of(wheels)) as found:
        yield found


def fetched(site: Site) -> list[str]:
    """Return the wheels that were fetched since the last question, without their folder."""
    paths = [path.removeprefix("/files/") for path in site.paths() if path.startswith("/files/")]
    site.asked.clear()
    return paths


def test_every_version_of_a_project_is_looked_at_once(site: Site, tmp_path: Path) -> None:
    """Its page says each file's digest: the second run asks for the page alone."""
    first = survey("--index", site.index, "demo", "--store", tmp_path / "s")
    names = fetched(site)
    second = survey("--index", site.index, "demo", "--store", tmp_path / "s")

    assert (first["read"], first["broken"], sorted(names)) == (2, 1, [f"demo-1.0-{MUSL}", f"demo-2.0-{MUSL}"])
    assert (second["read"], second["known"], fetched(site)) == (0, 2, [])
    assert [row[0] for row in rows(tmp_path / "s")] == [f"{site.url}/files/{name}" for name in sorted(names)]


def test_requirements_say_which_versions(site: Site, tmp_path: Path) -> None:
    """On the command line and in files, whatever their markers say: a survey is about every place."""
    (tmp_path / "requirements.txt").write_text("other==1.0 ; python_version < '3'\n")

    survey("demo<2", "-r", tmp_path / "requirements.txt", "--index", site.index, "--store", tmp_path / "s")

    assert sorted(fetched(site)) == [f"demo-1.0-{MUSL}", f"other-1.0-{MUSL}"]


def test_what_would_be_fetched_is_told(site: Site, wheels: list[Path], tmp_path: Path) -> None:
    """In bytes, which the page states, without a byte of any wheel; no store is begun."""
    told = survey("demo", "--index", site.index, "--store", tmp_path / "s", "--dry-run")

    assert (told["to_read"], told["bytes_to_read"]) == (2, sum(path.stat().st_size for path in wheels[:2]))
    assert (fetched(site), (tmp_path / "s").exists()) == ([], False)


def test_facts_of_a_mirror_serve_an_index(site: Site, wheels: list[Path], tmp_path: Path) -> None:
    """The digest says that it is the same file: it gets a row under its URL, and is not fetched."""
    survey(wheels[1], "--store", tmp_path / "s")
    found = survey("demo==1.0", "--index", site.index, "--store", tmp_path / "s")

    assert (found["known"], found["read"], fetched(site)) == (1, 0, [])
    assert {row[0] for row in rows(tmp_path / "s")} == {str(wheels[1]), f"{site.url}/files/{wheels[1].name}"}


def test_urls_are_fetched_by_whoever_examines_them(site: Site, wheels: list[Path], tmp_path: Path) -> None:
    """On the command line or in a list; a digest behind the URL is held against what comes."""
    (tmp_path / "urls.txt").write_text(
        f"{site.url}/files/{wheels[0].name}\n{site.url}/files/{wheels[1].name}#sha256={'0' * 64}\n"
    )

    answer = ask(tmp_path / "urls.txt", "--store", tmp_path / "s", "--json")

    assert (answer.code, answer.json["read"], answer.json["failed"]) == (4, 1, 1)
    ((path, detail),) = StoreViews(open_store(str(tmp_path / "s"))).rows("SELECT path, detail FROM failures")
    assert path == f"{site.url}/files/{wheels[1].name}"
    assert "is not the file that its index lists" in str(detail)


def test_a_lock_names_the_very_files(site: Site, wheels: list[Path], tmp_path: Path) -> None:
    """No page is asked for."""
    row = page_row(wheels[0])
    digest = row["hashes"]["sha256"]  # type: ignore[index]
    (tmp_path / "pylock.toml").write_text(
        f"""lock-version = "1.0"
[[packages]]
name = "demo"
version = "2.0"
wheels = [{{ url = "{site.url}/files/{wheels[0].name}", hashes = {{ sha256 = "{digest}" }} }}]
"""
    )

    found = survey("--requirements", tmp_path / "pylock.toml", "--index", site.index, "--store", tmp_path / "s")

    assert (found["read"], found["broken"], site.paths()) == (1, 1, [f"/files/{wheels[0].name}"])


def test_the_month_of_upload_comes_from_the_index(wheels: list[Path], tmp_path: Path) -> None:
    """As PEP 700 has it: `--since` and the timeline go by it."""
    site = site_of(wheels)
    dates = {wheels[0].name: "2026-11-02T08:00:00Z", wheels[1].name: "2025-01-02T08:00:00Z"}
    pages = [{**page_row(path), "upload-time": dates[path.name]} for path in wheels[:2]]
    site.replies["/simple/demo/"] = json_reply("demo", pages)
    with served(site):
        survey("demo", "--since", "2026-01-01", "--index", site.index, "--store", tmp_path / "s")

    query = "SELECT version, uploaded FROM wheels"
    assert StoreViews(open_store(str(tmp_path / "s"))).rows(query) == [("2.0", "2026-11-02T08:00:00Z")]


def guarded(reply: Answerer) -> Answerer:
    """Return *reply* for who is me, with the password secret."""
    return lambda asked: (
        reply(asked) if asked.headers.get("Authorization") == "Basic bWU6c2VjcmV0" else Reply(status=401)
    )


def test_credentials_of_an_index_reach_nobody_else(wheels: list[Path], tmp_path: Path) -> None:
    """Whoever fetches a wheel knows them; the store and the terminal do not."""
    site = site_of(wheels)
    site.replies = {path: guarded(reply) for path, reply in site.replies.items()}
    with served(site):
        index = site.index.replace("http://", "http://me:secret@")
        answer = ask("demo", "--index", index, "--store", tmp_path / "s", "--json")

    assert (answer.code, answer.json["read"]) == (0, 2), answer.stderr
    kept = json.dumps(StoreViews(open_store(str(tmp_path / "s"))).rows("SELECT * FROM sightings"))
    assert "secret" not in kept + answer.stdout + answer.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["absent"], "absent: no such file, and no index has a project of that name (MUSL900)"),
        (["broken"], "answers 500"),
        (["http://127.0.0.1:9/files/x.whl"], "127.0.0.1:9/files/x.whl: cannot be reached"),
        (["{index}demo/"], "the URL ends in no wheel's file name"),
    ],
)
def test_what_cannot_be_had_is_a_line(words: list[str], said: str, site: Site, tmp_path: Path) -> None:
    """And exit 4, with what else there is looked at."""
    site.replies["/simple/broken/"] = lambda _: Reply(status=500)
    words = [word.format(index=site.index) for word in words]

    answer = ask("other", *words, "--index", site.index, "--timeout", "1", "--store", tmp_path / "s", "--json")

    failures = json.dumps(StoreViews(open_store(str(tmp_path / "s"))).rows("SELECT path, detail FROM failures"))
    assert (answer.code, answer.json["read"], answer.json["failed"]) == (4, 1, 1), answer.stderr
    assert said in answer.stderr or said.partition(": ")[2] in failures


def test_a_file_that_is_not_a_wheel_after_all_is_a_failure(wheels: list[Path], tmp_path: Path) -> None:
    """A server may say anything."""
    site = site_of(wheels)
    site.replies[f"/files/{wheels[0].name}"] = file_reply(b"nonsense")
    with served(site):
        found = survey("demo", "--index", site.index, "--store", tmp_path / "s", code=4)

    assert (found["read"], found["failed"]) == (1, 1)
