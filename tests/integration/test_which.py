"""``which`` through the command line, against indexes on loopback."""

import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest
from tests.conftest import Miss
from tests.integration.test_cli_formats import validator
from tests.support.cli import ROOT, Answer, wheel
from tests.support.indexes import (
    GRAFTED,
    Reply,
    Site,
    grafted_wheel,
    in_process,
    json_reply,
    offered,
    packed_library,
    page_row,
    served,
    site_of,
    write_wheel,
)

pytest.importorskip("httpx")

CP312, MUSL = "cp312-cp312-musllinux_1_2_x86_64.whl", "cp311-cp311-musllinux_1_2_x86_64.whl"
CORPUS = ROOT / ".cache" / "corpus"


def which(site: Site, cache: Path, *arguments: str, python: str = "3.12", on: str = "1.2.2") -> Answer:
    """Return the answer of the command, which no configuration of this machine reaches."""
    where = ("--index", site.index, "--on", on, "--python", python, "--arch", "x86_64")
    return in_process(
        "which", *where, *arguments, MUSL_AUDIT_CACHE_DIR=str(cache), PIP_CONFIG_FILE="/dev/null", NETRC="/dev/null"
    )


def files_of(answer: Answer) -> list[dict[str, str]]:
    """Return what the answer says of every file of its first requirement."""
    versions = json.loads(answer.stdout)["choices"][0]["versions"]
    return [file for version in versions for file in version["files"]]


@pytest.fixture
def demo(tmp_path: Path) -> list[Path]:
    """Return three versions of a project: the two newest crash before musl 1.2.4."""
    (folder := tmp_path / "offered").mkdir()
    packed, clean = wheel("packed_relocations_x86_64"), wheel("clean_x86_64")
    return [
        offered(packed, f"demo-3.0-{CP312}", folder),
        offered(packed, f"demo-2.0-{CP312}", folder),
        offered(clean, f"demo-1.0-{CP312}", folder),
    ]


def test_names_the_newest_version_that_loads(demo: list[Path], tmp_path: Path) -> None:
    """And says what the newer ones fail of."""
    with served(site_of(demo)) as site:
        answer = which(site, tmp_path, "demo")

    assert answer.code == 0
    assert answer.stdout == (
        "On musl 1.2.2, x86_64, Python 3.12:\n"
        "demo: 1.0\n"
        f"  demo-1.0-{CP312}\n"
        "  3.0, 2.0: crashes: libpointers.so uses packed relocations (MUSL401)\n"
        f"Looked at 3 files of {sum(path.stat().st_size for path in demo) / 1000:.1f} kB; "
        f"fetched {site.sent / 1000:.1f} kB, pages included.\n"
    )


def test_a_later_musl_takes_the_newest_version(demo: list[Path], tmp_path: Path) -> None:
    """The place decides."""
    with served(site_of(demo)) as site:
        answer = which(site, tmp_path, "demo", "--json", on="alpine-3.18")

    assert answer.code == 0
    assert answer.json["choices"][0]["version"] == "3.0"  # type: ignore[index]
    assert "/files/demo-2.0" not in " ".join(site.paths())


def test_json_is_what_its_schema_says(demo: list[Path], tmp_path: Path) -> None:
    """Found, none, missing and failed: every status is in the contract."""
    site = site_of(demo)
    site.replies["/simple/broken/"] = lambda _: Reply(b"nonsense", headers={"Content-Type": "text/plain"})
    with served(site):
        answer = which(site, tmp_path, "demo", "demo>1.0", "absent", "broken", "demo>99", "--json", "--all")

    row = json.loads(answer.stdout)
    assert list(validator("which").iter_errors(row)) == []
    assert [choice["status"] for choice in row["choices"]] == ["found", "none", "missing", "failed", "none"]
    assert answer.code == row["exit_code"] == 4


def test_nothing_that_loads_is_exit_code_1(demo: list[Path], tmp_path: Path) -> None:
    """The reasons are told all the same."""
    with served(site_of(demo)) as site:
        answer = which(site, tmp_path, "demo>1.0", "-q")

    assert answer.code == 1
    assert answer.stdout == (
        "demo>1.0: no version of it loads\n  3.0, 2.0: crashes: libpointers.so uses packed relocations (MUSL401)\n"
    )


def test_a_second_run_asks_for_the_page_only(demo: list[Path], tmp_path: Path) -> None:
    """Verdicts are kept; an older release is another question, and the same verdict."""
    with served(site_of(demo)) as site:
        first = which(site, tmp_path, "demo", "-q")
        site.asked.clear()
        second = which(site, tmp_path, "demo", "-q")
        other = which(site, tmp_path, "demo", "-q", on="1.2.5")

    assert first.stdout == second.stdout
    assert other.stdout.startswith("demo: 3.0")
    assert site.paths() == ["/simple/demo/", "/simple/demo/"]


def test_all_versions_make_a_ladder(demo: list[Path], tmp_path: Path) -> None:
    """With --all, what is older is judged, too."""
    folder = demo[0].parent
    older = offered(wheel("packed_relocations_x86_64"), f"demo-0.5-{CP312}", folder)
    with served(site_of([*demo, older])) as site:
        answer = which(site, tmp_path, "demo", "--all", "-q")

    assert answer.stdout == (
        "demo: 1.0\n"
        "  3.0  fails  crashes: libpointers.so uses packed relocations (MUSL401)\n"
        "  2.0  fails  crashes: libpointers.so uses packed relocations (MUSL401)\n"
        f"  1.0  loads  demo-1.0-{CP312}\n"
        "  0.5  fails  crashes: libpointers.so uses packed relocations (MUSL401)\n"
    )


@pytest.mark.parametrize("has_ranges", [True, False])
@pytest.mark.parametrize("is_html", [True, False])
def test_servers_of_any_kind_give_the_same_answer(
    demo: list[Path], tmp_path: Path, *, has_ranges: bool, is_html: bool
) -> None:
    """JSON or HTML, with ranges or without."""
    with served(site_of(demo, has_ranges=has_ranges, is_html=is_html)) as site:
        answer = which(site, tmp_path, "demo", "-q")

    assert answer.stdout.startswith("demo: 1.0\n")


def test_a_probe_refuses_a_large_wheel_by_a_few_ranges(tmp_path: Path) -> None:
    """The directory at its end, and the one small library: not the megabyte before."""
    broken = grafted_wheel(tmp_path, f"demo-2.0-{MUSL}", packed_library())
    fine = offered(wheel("clean_cp311"), f"demo-1.0-{MUSL}", tmp_path)
    with served(site_of([broken, fine])) as site:
        answer = which(site, tmp_path / "cache", "demo", "--json", python="3.11")

    files = answer.json["choices"][0]["versions"][0]["files"]  # type: ignore[index]
    assert files[0]["known_by"] == "probe"
    assert files[0]["code"] == "MUSL401"
    assert len(site.ranges()) == 2
    assert site.sent < 100_000 < broken.stat().st_size


def test_a_library_at_the_end_of_the_file_needs_no_range_of_its_own(tmp_path: Path) -> None:
    """What came with the directory is not asked for again."""
    broken = tmp_path / f"demo-2.0-{MUSL}"
    noise = hashlib.shake_128(b"noise").digest(1_500_000)
    write_wheel(broken, {"demo/data.bin": noise, GRAFTED: packed_library()})
    with served(site_of([broken])) as site:
        answer = which(site, tmp_path / "cache", "demo", "--json", python="3.11")

    assert [(item["known_by"], item["code"]) for item in files_of(answer)] == [("probe", "MUSL401")]
    assert len(site.ranges()) == 1


def test_the_same_library_is_read_of_one_version_only(tmp_path: Path) -> None:
    """Of the others, the directory is enough; each is proven broken."""
    names = [f"demo-{number}.0-{MUSL}" for number in range(2, 12)]
    broken = [grafted_wheel(tmp_path, name, packed_library()) for name in names]
    with served(site_of(broken)) as site:
        answer = which(site, tmp_path / "cache", "demo", "--json", python="3.11")

    assert [(item["known_by"], item["code"]) for item in files_of(answer)] == [("probe", "MUSL401")] * len(broken)
    asked = Counter(asked.path for asked in site.asked if asked.range)
    assert set(asked) == {f"/files/{path.name}" for path in broken}
    assert sum(asked.values()) == len(broken) + 1


def test_a_library_of_the_same_name_is_another_one(tmp_path: Path) -> None:
    """Another checksum: a version whose library is fine is not taken for broken, as one without it is not for fine."""
    broken = [grafted_wheel(tmp_path, f"demo-{number}.0-{MUSL}", packed_library()) for number in (8, 7, 6, 5, 4, 2)]
    fine = grafted_wheel(tmp_path, f"demo-3.0-{MUSL}", b"no library")
    with served(site_of([*broken, fine])) as site:
        answer = which(site, tmp_path / "cache", "demo", "--all", "--json", python="3.11")

    told = {item["filename"]: item["known_by"] for item in files_of(answer)}
    assert told == {**{path.name: "probe" for path in broken}, fine.name: "file"}


def test_a_wheel_for_musl_1_1_is_read_whole_at_once(tmp_path: Path) -> None:
    """Linkers of that time pack no relocations; a wheel that says so and lies is refused all the same."""
    names = [f"demo-{number}.0-cp311-cp311-musllinux_1_1_x86_64.whl" for number in (9, 8)]
    wheels = [grafted_wheel(tmp_path, names[0], packed_library()), grafted_wheel(tmp_path, names[1], b"no library")]
    with served(site_of(wheels)) as site:
        answer = which(site, tmp_path / "cache", "demo", "--json", python="3.11")

    assert site.ranges() == []
    assert files_of(answer)[0]["known_by"] == "file"
    assert files_of(answer)[0]["code"] == "MUSL401"


def test_a_probe_that_finds_nothing_leads_to_the_whole_file(tmp_path: Path) -> None:
    """A probe says no, and never yes."""
    large = grafted_wheel(tmp_path, f"demo-2.0-{MUSL}", b"no library")
    with served(site_of([large])) as site:
        answer = which(site, tmp_path / "cache", "demo", "--json", python="3.11")

    assert answer.json["choices"][0]["file"]["known_by"] == "file"  # type: ignore[index]
    assert site.sent > large.stat().st_size


def test_a_server_without_ranges_sends_a_whole_file_once(tmp_path: Path) -> None:
    """A 200 is the whole file, and used as such."""
    broken = grafted_wheel(tmp_path, f"demo-2.0-{MUSL}", packed_library())
    with served(site_of([broken], has_ranges=False)) as site:
        answer = which(site, tmp_path / "cache", "demo", "-q", python="3.11")

    assert "/files/" in site.paths()[1]
    assert len(site.paths()) == 2
    assert answer.code in (0, 1)


def test_wheels_without_binaries_load_everywhere(tmp_path: Path) -> None:
    """They are not even fetched."""
    pure = tmp_path / "demo-1.0-py3-none-any.whl"
    pure.write_bytes(b"not looked at")
    with served(site_of([pure])) as site:
        answer = which(site, tmp_path / "cache", "demo", "-q")

    assert (answer.code, answer.stdout, site.paths()) == (0, "demo: 1.0\n", ["/simple/demo/"])


def test_another_file_of_the_same_version_may_load(demo: list[Path], tmp_path: Path) -> None:
    """An installer takes the next best file of a version whose best one is not there."""
    older_tag = offered(wheel("clean_x86_64"), "demo-3.0-cp312-cp312-musllinux_1_1_x86_64.whl", demo[0].parent)
    with served(site_of([*demo, older_tag])) as site:
        answer = which(site, tmp_path, "demo", "--json")

    assert answer.json["choices"][0]["file"]["filename"] == older_tag.name  # type: ignore[index]


def test_a_wrong_hash_is_an_error_and_never_a_verdict(demo: list[Path], tmp_path: Path) -> None:
    """The index and its file contradict each other: which version is the newest cannot be told."""
    site = site_of(demo)
    rows = [page_row(path) for path in demo]
    rows[0]["hashes"] = {"sha256": "0" * 64}
    site.replies["/simple/demo/"] = json_reply("demo", rows)
    with served(site):
        answer = which(site, tmp_path, "demo", "-q")

    assert answer.code == 4
    assert "is not the file that its index lists: sha256 is" in answer.stdout


def test_the_newest_numpy_that_loads_on_an_old_musl(tmp_path: Path, miss: Miss) -> None:
    """Real wheels: numpy 2.4.6 crashes on musl 1.2.2, 1.26.4 does not; a probe tells."""
    wheels = sorted(CORPUS.glob("numpy-*-cp311-cp311-musllinux_*_x86_64.whl"))
    if not wheels:
        miss("corpus")
    with served(site_of(wheels)) as site:
        answer = which(site, tmp_path, "numpy", "--json", python="3.11", on="alpine-3.15")

    choice = json.loads(answer.stdout)["choices"][0]
    assert choice["version"] == "1.26.4"
    assert [(item["version"], item["files"][0]["known_by"]) for item in choice["versions"]] == [
        ("2.4.6", "probe"),
        ("1.26.4", "file"),
    ]
    newest = next(path for path in wheels if path.name.startswith("numpy-1.26.4"))
    assert site.sent - newest.stat().st_size < 0.02 * sum(path.stat().st_size for path in wheels)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "no requirement given: name a project, such as 'numpy>=2'"),
        (["numpy>>2"], "'numpy>>2' is not a requirement"),
        (["numpy @ http://index.invalid/numpy.whl"], "names one file by its URL"),
        (["numpy", "--on", "alpine-3.155"], "did you mean 'alpine-3.15'?"),
        (["numpy", "--on", "1.9.9"], "the policies know musl"),
        (["numpy", "--on", "1.2.2", "--python", "three"], "--python three: not a version"),
        (["numpy", "--on", "1.2.2", "--arch", "x68_64"], "did you mean 'x86_64'?"),
        (["numpy", "--on", "1.2.2", "--index", "ftp://index.invalid"], "neither a URL of http or https"),
        (["numpy", "--on", "./nothing-here"], "--on ./nothing-here:"),
    ],
)
def test_wrong_usage_is_one_line(arguments: list[str], said: str) -> None:
    """Exit code 2, before anything is asked."""
    answer = in_process("which", *arguments, PIP_CONFIG_FILE="/dev/null")

    assert answer.code == 2
    assert said in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_what_of_a_lock_crashes_is_named(demo: list[Path], tmp_path: Path) -> None:
    """The very files that it names are asked for, and no index."""
    site = site_of(demo)
    with served(site):
        rows = [
            f'[[package]]\nname = "demo"\nversion = "{path.name.split("-")[1]}"\n'
            f'source = {{ registry = "{site.index}" }}\nwheels = [{{ url = "{site.url}/files/{path.name}" }}]\n'
            for path in demo
        ]
        (tmp_path / "uv.lock").write_text("version = 1\n" + "".join(rows))
        answer = which(site, tmp_path, "-r", str(tmp_path / "uv.lock"), "-q")

    assert answer.code == 1
    assert answer.stdout == (
        "demo==3.0: does not load\n  crashes: libpointers.so uses packed relocations (MUSL401)\n"
        "demo==2.0: does not load\n  crashes: libpointers.so uses packed relocations (MUSL401)\n"
    )
    assert not any(path.startswith("/simple/") for path in site.paths())


def test_a_file_of_requirements_is_asked_line_by_line(demo: list[Path], tmp_path: Path) -> None:
    """What no index can be asked is told, and is no failure."""
    (tmp_path / "requirements.txt").write_text("demo<3\n-e .\n")
    with served(site_of(demo)) as site:
        answer = which(site, tmp_path, "-r", str(tmp_path / "requirements.txt"))

    assert answer.code == 0
    assert "demo<3: 1.0\n" in answer.stdout
    assert "-e .: skipped: an option, which is not read here\n" in answer.stdout


def test_what_is_kept_can_be_seen_and_deleted(demo: list[Path], tmp_path: Path) -> None:
    """cache info counts, cache clear deletes."""
    cache = str(tmp_path / "cache")
    with served(site_of(demo)) as site:
        which(site, tmp_path / "cache", "demo", "-q")
    before = in_process("cache", "info", "--json", MUSL_AUDIT_CACHE_DIR=cache).json
    cleared = in_process("cache", "clear", MUSL_AUDIT_CACHE_DIR=cache)
    after = in_process("cache", "info", MUSL_AUDIT_CACHE_DIR=cache)

    assert before["directory"] == cache
    assert before["stores"][0]["entries"] == 3  # type: ignore[index]
    assert (cleared.code, cleared.stdout) == (0, "")
    assert after.stdout == f"{cache}\n  verdicts: 0, 0.0 kB\n  mended: 0, 0.0 kB\n  fetched: 0, 0.0 kB\n"


def test_a_proxy_of_the_environment_is_asked(demo: list[Path], tmp_path: Path) -> None:
    """As pip and uv take it: it sees the whole URL, of a host that nobody else could reach."""
    site = site_of(demo)
    host = "http://index.invalid"
    site.replies = {f"{host}{path}": answer for path, answer in site.replies.items()}
    with served(site):
        proxy = {"HTTP_PROXY": site.url, "http_proxy": site.url, "NO_PROXY": "", "no_proxy": "", "NETRC": "/dev/null"}
        where = ("--on", "1.2.2", "--python", "3.12", "--arch", "x86_64", "--index", f"{host}/simple/")
        answer = in_process("which", "demo", *where, "--no-cache", **proxy)

    assert answer.code == 0, answer.stderr
    assert site.paths()[0] == f"{host}/simple/demo/"
