"""``show``, ``check``, ``repair`` and ``tree`` of a wheel by its project's name, or its URL."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from tests.support.cli import SCHEMAS, Answer, wheel
from tests.support.indexes import Site, in_process, json_reply, offered, page_row, served, site_of

pytest.importorskip("httpx")

TAGS = "cp312-cp312-musllinux_1_2"
ARCHES = ("aarch64", "x86_64")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Return an index with two versions of a project, the newer for two architectures."""
    (folder := tmp_path / "offered").mkdir()
    return site_of(
        [
            offered(wheel("packed_relocations_x86_64"), f"demo-2.0-{TAGS}_x86_64.whl", folder),
            offered(wheel("packed_relocations_aarch64"), f"demo-2.0-{TAGS}_aarch64.whl", folder),
            offered(wheel("clean_x86_64"), f"demo-1.0-{TAGS}_x86_64.whl", folder),
        ]
    )


def ask(tmp_path: Path, *arguments: str) -> Answer:
    """Return the answer to *arguments*, which no configuration of this machine reaches."""
    kept = str(tmp_path / "cache")
    return in_process(*arguments, MUSL_AUDIT_CACHE_DIR=kept, PIP_CONFIG_FILE="/dev/null", NETRC="/dev/null")


def plain(answer: Answer) -> str:
    """Return what was said, whatever the width."""
    return " ".join((answer.stdout + answer.stderr).split())


def names(answer: Answer) -> list[str]:
    return [row["wheel"] for row in json.loads(answer.stdout)["wheels"]]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["demo"], ["2.0-{}_x86_64"]),
        (["demo==1.0"], ["1.0-{}_x86_64"]),
        (["demo", "--arch", "aarch64"], ["2.0-{}_aarch64"]),
        (["demo", "--all-files"], ["2.0-{}_aarch64", "2.0-{}_x86_64"]),
    ],
    ids=["newest", "pinned", "other-arch", "all-files"],
)
def test_a_name_is_the_file_that_fits(site: Site, tmp_path: Path, words: list[str], found: list[str]) -> None:
    """Of this machine's architecture, unless another is named; or every musllinux file of the version."""
    words = words if "--arch" in words else [*words, "--arch", "x86_64"]
    with served(site):
        answer = ask(tmp_path, "show", *words, "--python", "3.12", "--index", site.index, "--json")

    assert answer.code == 0
    assert names(answer) == [f"demo-{name.format(TAGS)}.whl" for name in found]


def test_a_url_is_fetched(site: Site, tmp_path: Path) -> None:
    """And judged as a file is: the same exit code, the same findings."""
    with served(site):
        answer = ask(tmp_path, "check", f"{site.url}/files/demo-2.0-{TAGS}_x86_64.whl", "--json")

    assert answer.code == 1
    assert [row["code"] for row in json.loads(answer.stdout)["wheels"][0]["findings"]] == ["MUSL401"]


def test_a_name_can_be_repaired(site: Site, tmp_path: Path) -> None:
    """The result lies where it always does."""
    with served(site):
        where = ("--python", "3.12", "--arch", "x86_64", "--index", site.index)
        answer = ask(tmp_path, "repair", "demo==2.0", *where, "-w", str(tmp_path / "house"))

    assert answer.code == 0, answer.stderr
    assert [path.name for path in (tmp_path / "house").iterdir()] == [f"demo-2.0-{TAGS}_x86_64.whl"]


def test_a_second_time_only_the_page_is_asked_for(site: Site, tmp_path: Path) -> None:
    """What was fetched and has the hash of the page is kept."""
    with served(site):
        command = ("show", "demo", "--python", "3.12", "--arch", "x86_64", "--index", site.index)
        ask(tmp_path, *command)
        site.asked.clear()
        ask(tmp_path, *command)

    assert site.paths() == ["/simple/demo/"]


def test_a_wrong_hash_is_a_row(site: Site, tmp_path: Path) -> None:
    """Nothing is judged that is not what the index lists."""
    row = page_row(tmp_path / "offered" / f"demo-2.0-{TAGS}_x86_64.whl", hashes={"sha256": "0" * 64})
    site.replies["/simple/demo/"] = json_reply("demo", [row])
    with served(site):
        answer = ask(tmp_path, "check", "demo", "--python", "3.12", "--arch", "x86_64", "--index", site.index)

    assert answer.code == 4
    assert "is not the file that its index lists" in plain(answer)


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("absent", "no such file, and no index has a wheel of that name that fits"),
        ("{url}/files/nothing.txt", "the URL ends in no wheel's file name"),
        ("{url}/files/demo-9-py3-none-any.whl", "answers 404"),
    ],
    ids=["name", "url-of-no-wheel", "url-that-is-not-there"],
)
def test_what_is_not_there_is_a_row(site: Site, tmp_path: Path, reference: str, said: str) -> None:
    """With the reason, and exit code 4."""
    with served(site):
        answer = ask(tmp_path, "check", reference.format(url=site.url), "--index", site.index)

    assert answer.code == 4
    assert said in plain(answer)


def test_without_the_extra_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The way there is one command."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    answer = ask(tmp_path, "check", "numpy")

    assert answer.code == 4
    assert "pip install 'musl-audit[index]'" in plain(answer)


def test_a_file_of_that_name_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory called numpy is that directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "numpy").mkdir()
    answer = ask(tmp_path, "check", "numpy")

    assert "directory without wheels" in plain(answer)


def test_the_tree_of_a_name_is_that_of_its_file(site: Site, tmp_path: Path) -> None:
    """The file that fits; of a URL, that file; with --all-files, each under its name."""
    here = tmp_path / "offered" / f"demo-2.0-{TAGS}_x86_64.whl"
    with served(site):
        where = ("--python", "3.12", "--arch", "x86_64", "--index", site.index)
        by_name, by_url = (
            ask(tmp_path, "tree", "demo==2.0", *where),
            ask(tmp_path, "tree", f"{site.url}/files/{here.name}"),
        )
        every = ask(tmp_path, "tree", "demo==2.0", "--all-files", "--index", site.index)
        document = json.loads(ask(tmp_path, "tree", "demo", "--all-files", "--index", site.index, "--json").stdout)

    lines = ask(tmp_path, "tree", str(here)).stdout.splitlines()
    assert by_name.stdout.splitlines()[1:] == by_url.stdout.splitlines()[1:] == lines
    assert [line for line in every.stdout.splitlines() if line.endswith(".whl")] == [
        f"demo-2.0-{TAGS}_aarch64.whl",
        f"demo-2.0-{TAGS}_x86_64.whl",
    ]
    Draft202012Validator(json.loads((SCHEMAS / "tree.schema.json").read_text())).validate(document)
    assert [Path(row["file"]).name for row in document["files"]] == [f"demo-2.0-{TAGS}_{arch}.whl" for arch in ARCHES]


def test_the_tree_of_a_name_that_no_index_has_is_one_line(site: Site, tmp_path: Path) -> None:
    """Exit code 4, and what was looked for."""
    with served(site):
        answer = ask(tmp_path, "tree", "nothing-of-that-name", "--python", "3.12", "--index", site.index)

    assert (answer.code, answer.stderr.count("\n")) == (4, 1)
    assert "nothing-of-that-name: no such file, and no index has" in plain(answer)
