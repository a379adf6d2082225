"""``index`` through the command line: what clients see, and what becomes of their processes."""

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.cli import COMMAND, Answer, environment, musl_audit, wheel
from tests.support.indexes import (
    JSON_PAGE,
    Site,
    file_reply,
    grafted_wheel,
    json_reply,
    offered,
    packed_library,
    page_row,
    served,
    site_of,
)

pytest.importorskip("httpx")

CP312, CP311 = "cp312-cp312-musllinux_1_2_x86_64.whl", "cp311-cp311-musllinux_1_2_x86_64.whl"
PACKED = "crashes: libpointers.so uses packed relocations (MUSL401)"


def variables(cache: Path) -> dict[str, str]:
    return {"MUSL_AUDIT_CACHE_DIR": str(cache), "PIP_CONFIG_FILE": "/dev/null", "NETRC": "/dev/null"}


def index(site: Site, cache: Path, *arguments: str, python: str = "3.12", on: str = "1.2.2") -> Answer:
    """Return the answer of the command to *arguments*, a child's behind ``--`` among them."""
    where = ("--index", site.index, "--on", on, "--python", python, "--arch", "x86_64")
    return musl_audit("index", *where, *arguments, env=variables(cache))


@contextmanager
def running(site: Site, cache: Path, *arguments: str) -> Iterator[str]:
    """Yield the URL that a server without a command prints."""
    where = ("--index", site.index, "--on", "1.2.2", "--python", "3.12", "--arch", "x86_64")
    command = [*COMMAND, "index", *where, *arguments]
    with subprocess.Popen(command, env=environment(**variables(cache)), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.send_signal(signal.SIGINT)
            try:
                assert process.wait(20) == 0
            except subprocess.TimeoutExpired:
                process.kill()  # or the end of the block would wait for it
                raise


def get(url: str, accept: str = JSON_PAGE) -> bytes:
    request = urllib.request.Request(url, headers={"Accept": accept})  # loopback
    with urllib.request.urlopen(request, timeout=30) as response:
        data: bytes = response.read()
    return data


def refused(url: str) -> tuple[int, str]:
    """Return status and text of the answer to a request that is refused."""
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(url)
    with caught.value as answer:
        return answer.code, answer.read().decode()


def names(url: str, project: str = "demo") -> list[str]:
    return [row["filename"] for row in json.loads(get(f"{url}{project}/"))["files"]]


@pytest.fixture
def demo(tmp_path: Path) -> list[Path]:
    """Return three versions of a project: the newest crashes before musl 1.2.4."""
    (folder := tmp_path / "offered").mkdir()
    packed, clean = wheel("packed_relocations_x86_64"), wheel("clean_x86_64")
    return [
        offered(packed, f"demo-3.0-{CP312}", folder),
        offered(clean, f"demo-2.0-{CP312}", folder),
        offered(clean, f"demo-1.0-{CP312}", folder),
    ]


def test_a_file_that_does_not_load_is_not_on_the_page(demo: list[Path], tmp_path: Path) -> None:
    """The rest is, and can be had, judged before it is given away."""
    with served(site_of(demo)) as site, running(site, tmp_path) as url:
        rows = json.loads(get(f"{url}demo/"))["files"]
        bodies = [get(row["url"]) for row in rows]

    assert [row["filename"] for row in rows] == [path.name for path in (demo[2], demo[1])]
    assert bodies == [demo[2].read_bytes(), demo[1].read_bytes()]


def test_other_files_are_passed_on_as_they_are(demo: list[Path], tmp_path: Path) -> None:
    """Other platforms and pure wheels: every field that the index has, known to us or not."""
    rows: list[dict[str, object]] = [
        {"filename": "demo-9-cp312-cp312-win_amd64.whl", "url": "http://host.invalid/a.whl", "hashes": {}, "x": [1]},
        {"filename": "demo-9-py3-none-any.whl", "url": "http://host.invalid/b.whl", "hashes": {"sha256": "0" * 64},
         "provenance": "http://host.invalid/p", "yanked": "broken", "upload-time": "2026-01-01T00:00:00Z"},
        {"filename": "demo-9-cp312-cp312-musllinux_1_2_aarch64.whl", "url": "http://host.invalid/c.whl", "hashes": {}},
    ]  # fmt: skip
    site = Site()
    site.replies["/simple/demo/"] = json_reply("demo", rows, versions=["9"], **{"project-status": {"status": "active"}})
    with served(site), running(site, tmp_path) as url:
        page = json.loads(get(f"{url}demo/"))

    assert page["files"] == rows
    assert page["versions"] == ["9"]
    assert page["project-status"] == {"status": "active"}


def test_html_says_the_same_and_hostile_names_stay_text(tmp_path: Path) -> None:
    """A client of PEP 503 sees links, with hashes, metadata and the Python they require."""
    row = {
        "filename": "demo-1-py3-none-any.whl",
        "url": 'http://host.invalid/a"b.whl',
        "hashes": {"sha256": "0" * 64},
        "requires-python": "<4",
        "core-metadata": {"sha256": "1" * 64},
        "yanked": '"><script>',
    }
    site = Site()
    site.replies["/simple/demo/"] = json_reply("demo", [row])
    with served(site), running(site, tmp_path) as url:
        page = get(f"{url}demo/", "text/html").decode()

    assert f'href="http://host.invalid/a&quot;b.whl#sha256={"0" * 64}"' in page
    assert 'data-requires-python="&lt;4"' in page
    assert f'data-core-metadata="sha256={"1" * 64}"' in page
    assert "<script>" not in page


def test_source_distributions_are_left_out_unless_they_are_allowed(demo: list[Path], tmp_path: Path) -> None:
    """A client would build them, which is another matter."""
    source = tmp_path / "demo-4.0.tar.gz"
    source.write_bytes(b"source")
    site = site_of([*demo, source])
    site.replies["/simple/demo/"] = json_reply("demo", [page_row(path) for path in [*demo, source]])
    with served(site):
        with running(site, tmp_path / "cache") as url:
            strict = names(url)
        with running(site, tmp_path / "cache", "--allow-sdists") as url:
            lenient = names(url)

    assert source.name not in strict
    assert source.name in lenient


def test_metadata_is_passed_on(demo: list[Path], tmp_path: Path) -> None:
    """PEP 658 goes on working for files that go through our hands."""
    site = site_of(demo[1:2])
    site.replies["/simple/demo/"] = json_reply("demo", [page_row(demo[1], **{"core-metadata": True})])
    site.replies[f"/files/{demo[1].name}.metadata"] = file_reply(b"Metadata-Version: 2.1\n")
    with served(site), running(site, tmp_path) as url:
        row = json.loads(get(f"{url}demo/"))["files"][0]

        assert get(f"{row['url']}.metadata") == b"Metadata-Version: 2.1\n"


def test_a_broken_file_is_offered_mended(demo: list[Path], tmp_path: Path) -> None:
    """Same version, a build tag of ours; the newest is made already, and has a hash."""
    with served(site_of(demo)) as site, running(site, tmp_path, "--repair") as url:
        rows = json.loads(get(f"{url}demo/"))["files"]
        mended = next(row for row in rows if row["filename"].startswith("demo-3.0"))
        (tmp_path / mended["filename"]).write_bytes(get(mended["url"]))

    assert mended["filename"] == f"demo-3.0-1musl-{CP312}"
    answer = musl_audit("check", tmp_path / mended["filename"], "--json")
    assert "1.2.2" in answer.json["wheels"][0]["loads_on"]  # type: ignore[index]


def test_older_broken_files_are_mended_when_they_are_asked_for(tmp_path: Path) -> None:
    """Their rows have no hash yet, and nothing of them but a few ranges was fetched."""
    (folder := tmp_path / "offered").mkdir()
    newest = offered(wheel("packed_relocations_x86_64"), f"demo-3.0-{CP312}", folder)
    older = grafted_wheel(folder, f"demo-2.0-{CP312}", packed_library())
    with served(site_of([newest, older])) as site, running(site, tmp_path, "--repair") as url:
        rows = json.loads(get(f"{url}demo/"))["files"]
        sent = site.sent

    assert [row["filename"] for row in rows] == [f"demo-2.0-1musl-{CP312}", f"demo-3.0-1musl-{CP312}"]
    assert rows[0]["hashes"] == {}
    assert set(rows[1]["hashes"]) == {"sha256"}
    assert sent < older.stat().st_size / 2


def test_what_cannot_be_mended_is_left_out(tmp_path: Path) -> None:
    """A symbol that no musl has is nothing that a repair could add."""
    (folder := tmp_path / "offered").mkdir()
    broken = offered(wheel("glibc_symbols"), f"demo-2.0-{CP312}", folder)
    fine = offered(wheel("clean_x86_64"), f"demo-1.0-{CP312}", folder)
    with served(site_of([broken, fine])) as site, running(site, tmp_path, "--repair") as url:
        assert names(url) == [fine.name]


# --- Safety --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "simple/demo/", "wrong/simple/demo/", "files/0/x.whl"])
def test_whoever_does_not_know_the_token_is_refused(demo: list[Path], tmp_path: Path, path: str) -> None:
    """Other users of the machine can reach the port, and get 403."""
    with served(site_of(demo)) as site, running(site, tmp_path) as url:
        root = "/".join(url.split("/")[:3])
        code, _ = refused(f"{root}/{path}")

    assert code == 403


def test_only_loopback_is_listened_on(demo: list[Path], tmp_path: Path) -> None:
    """No other interface has the port; a single look at the kernel's table may miss a row while others come and go."""
    with served(site_of(demo)) as site, running(site, tmp_path) as url:
        port = url.split(":")[2].split("/")[0]
        looks = [Path("/proc/net/tcp").read_text().splitlines()[1:] for _ in range(20)]
        listening = [line.split() for look in looks for line in look]
        addresses = {row[1] for row in listening if row[1].endswith(f":{int(port):04X}") and row[3] == "0A"}

    assert addresses == {f"0100007F:{int(port):04X}"}


def test_credentials_of_the_index_reach_nobody(demo: list[Path], tmp_path: Path) -> None:
    """What needs them goes through our hands: neither page, nor error, nor cache tells them."""
    site = site_of(demo)
    site.replies["/simple/pure/"] = json_reply(
        "pure", [{"filename": "pure-1-py3-none-any.whl", "url": "/files/pure.whl", "hashes": {}}]
    )
    site.replies["/files/pure.whl"] = file_reply(b"pure")
    with served(site):
        closed = Site(url=site.url.replace("//", "//me:s3cret@"))
        with running(closed, tmp_path / "cache") as url:
            page = get(f"{url}demo/") + get(f"{url}pure/")
            body = get(json.loads(get(f"{url}pure/"))["files"][0]["url"])
            _, said = refused(f"{url}absent/")

    kept = b"".join(path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file())
    assert body == b"pure"
    assert all(asked.headers["Authorization"].startswith("Basic ") for asked in site.asked)
    assert b"s3cret" not in page + said.encode() + kept


def test_an_upstream_that_is_down_is_one_line(tmp_path: Path) -> None:
    """The client says what it wants; we say why."""
    site = Site(url="http://me:s3cret@127.0.0.1:9")
    fetch = "import urllib.request, os; urllib.request.urlopen(os.environ['PIP_INDEX_URL'] + 'demo/')"
    answer = index(site, tmp_path, "--", sys.executable, "-c", fetch)

    said = [line for line in answer.stderr.splitlines() if line.startswith("musl-audit:")]
    assert answer.code == 1
    assert said == ["musl-audit: http://127.0.0.1:9/simple/demo/: cannot be reached (Connection refused)"]


# --- The command ---------------------------------------------------------------------------------------------


def test_the_exit_code_is_that_of_the_command(demo: list[Path], tmp_path: Path) -> None:
    """Also that of a signal, as a shell tells it."""
    with served(site_of(demo)) as site:
        codes = [
            index(site, tmp_path, "--", sys.executable, "-c", program).code
            for program in ("raise SystemExit(7)", "import os; os.kill(os.getpid(), 9)", "pass")
        ]

    assert codes == [7, 137, 0]


def test_a_command_that_is_not_there_is_told(demo: list[Path], tmp_path: Path) -> None:
    """As a shell tells it: 127."""
    with served(site_of(demo)) as site:
        answer = index(site, tmp_path, "--", "no-such-command")

    assert answer.code == 127
    assert answer.stderr == "musl-audit: error: no-such-command: there is no such command\n"


def test_a_port_in_use_is_told(demo: list[Path], tmp_path: Path) -> None:
    """In one line."""
    with served(site_of(demo)) as site:
        answer = index(site, tmp_path, "--port", site.url.rpartition(":")[2], "--", "true")

    assert answer.code == 4
    assert answer.stderr.endswith(": Address already in use\n")


def test_the_command_is_led_past_no_index_of_a_configuration(demo: list[Path], tmp_path: Path) -> None:
    """Variables and files that name others are put aside; the rest of the environment stays."""
    show = "import json, os; print(json.dumps(dict(os.environ)))"
    with served(site_of(demo)) as site:
        answer = musl_audit(
            "index", "--index", site.index, "--on", "1.2.2", "--", sys.executable, "-c", show,
            env={**variables(tmp_path), "UV_INDEX": "http://other.invalid/", "PIP_NO_INDEX": "1", "KEPT": "yes"},
        )  # fmt: skip

    seen = json.loads(answer.stdout)
    ours = seen["PIP_INDEX_URL"]
    assert ours == seen["UV_DEFAULT_INDEX"] == seen["PDM_PYPI_URL"] == seen["PIP_EXTRA_INDEX_URL"]
    assert ours.startswith("http://127.0.0.1:")
    assert {"UV_INDEX", "PIP_NO_INDEX"}.isdisjoint(seen)
    assert seen["KEPT"] == "yes"
    assert "127.0.0.1" in seen["no_proxy"]


def test_pip_takes_what_loads_and_is_told_what_was_left_out(demo: list[Path], tmp_path: Path) -> None:
    """The real pip of this machine, for another platform."""
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-cache-dir", "-q"]
    platform = ["--platform", "musllinux_1_2_x86_64", "--python-version", "3.12", "-d", str(tmp_path / "got")]
    with served(site_of(demo)) as site:
        answer = index(site, tmp_path, "--", *pip, *platform, "demo")

    assert answer.code == 0, answer.stderr
    assert [path.name for path in (tmp_path / "got").iterdir()] == [demo[1].name]
    assert f"musl-audit: demo 3.0: left out for musl 1.2.2: {PACKED}; offered 2.0" in answer.stderr


def test_a_file_that_fails_when_it_is_asked_for_is_refused_and_left_out_then(tmp_path: Path) -> None:
    """An older version is judged only when a client wants it; the next page does not have it."""
    (folder := tmp_path / "offered").mkdir()
    fine = offered(wheel("clean_x86_64"), f"demo-2.0-{CP312}", folder)
    broken = offered(wheel("packed_relocations_x86_64"), f"demo-1.0-{CP312}", folder)
    with served(site_of([fine, broken])) as site, running(site, tmp_path) as url:
        rows = json.loads(get(f"{url}demo/"))["files"]
        answer = refused(next(row["url"] for row in rows if row["filename"] == broken.name))
        after = names(url)

    assert answer == (403, f"{broken.name}: {PACKED}\n")
    assert after == [fine.name]


def test_a_project_that_is_not_there_is_not_there(demo: list[Path], tmp_path: Path) -> None:
    """404, as any index has it."""
    with served(site_of(demo)) as site, running(site, tmp_path) as url:
        code, _ = refused(f"{url}absent/")

    assert code == 404
