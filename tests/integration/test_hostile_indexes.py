"""Indexes that lie, stall and attack: each ends in one line, without a verdict and without a secret."""

import gzip
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.support.cli import wheel
from tests.support.indexes import (
    JSON_PAGE,
    Asked,
    Reply,
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

from musl_audit.cli import main

pytest.importorskip("httpx")

NAME = "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl"
PAGE, FILE = "/simple/demo/", f"/files/{NAME}"
SECRET = "s3cret"  # noqa: S105  # of nobody


@dataclass(frozen=True)
class Said:
    """What a run in this process said."""

    code: int
    stdout: str
    stderr: str


Ask = Callable[..., Said]


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Return what asks a site about ``demo``; nothing of this machine's configuration matters."""
    variables = {"MUSL_AUDIT_CACHE_DIR": str(tmp_path / "cache"), "PIP_CONFIG_FILE": "/dev/null", "NETRC": "/dev/null"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    def ask(index: str, *arguments: str, timeout: str = "2") -> Said:
        where = ["--on", "1.2.2", "--python", "3.12", "--arch", "x86_64", "--index", index, "--timeout", timeout]
        code = main(["which", "demo", "-q", *where, *arguments])
        captured = capsys.readouterr()
        return Said(code, captured.out, captured.err)

    return ask


@pytest.fixture
def small(tmp_path: Path) -> Site:
    """Return a site with one small wheel, which is fetched as a whole."""
    return site_of([offered(wheel("clean_x86_64"), NAME, tmp_path)])


@pytest.fixture
def large(tmp_path: Path) -> Site:
    """Return a site with one large wheel, which is probed, and refused by that if all is well."""
    return site_of([grafted_wheel(tmp_path, NAME, packed_library())])


def page(body: bytes, kind: str = JSON_PAGE, **more: object) -> Callable[[Asked], Reply]:
    reply = replace(Reply(body, headers={"Content-Type": kind}), **more)  # type: ignore[arg-type]
    return lambda _: reply


def failed(said: Said, sentence: str) -> None:
    """Check that the requirement could not be asked, for the reason *sentence*, in one line."""
    assert said.code == 4
    assert said.stderr == ""
    assert said.stdout.count("\n") == 1
    assert said.stdout.startswith("demo: could not be asked: http://127.0.0.1:")
    assert sentence in said.stdout


# --- Pages ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "kind", "sentence"),
    [
        (b"{", JSON_PAGE, "not a page of an index: it cannot be read"),
        (b"[]", JSON_PAGE, "not a page of an index: it cannot be read"),
        (b'{"files": {"a": 1}}', JSON_PAGE, "not a page of an index: it lists no files"),
        (b"[" * 200_000, JSON_PAGE, "not a page of an index: it cannot be read"),
        (b"\xff\xfe\x00", JSON_PAGE, "not a page of an index: it cannot be read"),
        (b"GIF89a", "image/gif", "answers image/gif, which is no page of an index"),
    ],
    ids=["cut-off", "list", "files-no-list", "deep", "no-text", "picture"],
)
def test_a_page_that_is_none(ask: Ask, small: Site, body: bytes, kind: str, sentence: str) -> None:
    """It is told what came instead."""
    small.replies[PAGE] = page(body, kind)
    with served(small):
        failed(ask(small.index), sentence)


def test_a_page_of_100_megabytes(ask: Ask, small: Site) -> None:
    """No more than a bound is read of it."""
    small.replies[PAGE] = page(b" " * (100 << 20))
    with served(small):
        failed(ask(small.index), f"more than the {64 << 20} bytes expected")


def test_a_page_that_inflates_without_end(ask: Ask, small: Site) -> None:
    """The bound holds for what is inflated."""
    bomb = gzip.compress(b" " * (100 << 20))
    small.replies[PAGE] = lambda _: Reply(bomb, headers={"Content-Type": JSON_PAGE, "Content-Encoding": "gzip"})
    with served(small):
        failed(ask(small.index), f"more than the {64 << 20} bytes expected")


def test_a_page_whose_compression_is_broken(ask: Ask, small: Site) -> None:
    """It says gzip and is not."""
    small.replies[PAGE] = lambda _: Reply(b"no", headers={"Content-Type": JSON_PAGE, "Content-Encoding": "gzip"})
    with served(small):
        failed(ask(small.index), "compressed data that cannot be read")


def test_a_page_that_asks_for_a_password_in_html(ask: Ask, small: Site) -> None:
    """A page without links is one without files."""
    small.replies[PAGE] = page(b"<html><form>password?</form></html>", "text/html")
    with served(small):
        said = ask(small.index)

    assert (said.code, said.stdout) == (1, "demo: no version of it has a wheel that fits\n")


@pytest.mark.parametrize(
    "change",
    [
        {"url": "file:///etc/passwd"},
        {"url": "http://[::1"},
        {"url": 7},
        {"filename": "../../demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl"},
        {"filename": "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl\x1b[2J"},
        {"filename": "other-1.0-cp312-cp312-musllinux_1_2_x86_64.whl"},
        {"filename": None},
    ],
    ids=["url-of-a-local-file", "url-that-is-none", "url-no-text", "path", "escape", "other-project", "no-name"],
)
def test_a_row_that_no_client_may_follow(ask: Ask, small: Site, tmp_path: Path, change: Mapping[str, object]) -> None:
    """It is passed by."""
    small.replies[PAGE] = json_reply("demo", [{**page_row(tmp_path / NAME), **change}, "no row"])  # type: ignore[list-item]
    with served(small):
        said = ask(small.index)

    assert (said.code, said.stdout) == (1, "demo: no version of it has a wheel that fits\n")
    assert small.paths() == [PAGE]


@pytest.mark.parametrize("size", [-1, True, "9", None, 1.5], ids=repr)
def test_a_size_that_is_none(ask: Ask, small: Site, tmp_path: Path, size: object) -> None:
    """The file is fetched as if the page had not said."""
    row = {**page_row(tmp_path / NAME), "size": size}
    small.replies[PAGE] = json_reply("demo", [row])
    with served(small):
        assert ask(small.index).stdout == "demo: 1.0\n"


# --- Redirects -----------------------------------------------------------------------------------------------


def test_a_redirect_to_a_file_of_this_machine(ask: Ask, small: Site) -> None:
    """It is not followed."""
    small.replies[PAGE] = page(b"", status=302, headers={"Location": "file:///etc/passwd"})
    with served(small):
        failed(ask(small.index), "leads to a URL that is neither http nor https")


def test_redirects_without_end(ask: Ask, small: Site) -> None:
    """They are given up."""
    small.replies[PAGE] = page(b"", status=302, headers={"Location": PAGE})
    with served(small):
        failed(ask(small.index), "redirects without end")


def test_a_redirect_elsewhere_takes_no_credentials_along(ask: Ask, small: Site) -> None:
    """They are for the origin that was named, and for no other."""
    elsewhere = Site(replies={PAGE: small.replies[PAGE]})
    with served(small), served(elsewhere):
        small.replies[PAGE] = page(b"", status=302, headers={"Location": f"{elsewhere.url}{PAGE}"})
        ask(small.index.replace("//", f"//me:{SECRET}@"))

    assert "Authorization" in small.asked[0].headers
    assert "Authorization" not in elsewhere.asked[0].headers


# --- Whole files ---------------------------------------------------------------------------------------------


def test_a_file_with_another_hash(ask: Ask, small: Site) -> None:
    """An error, never a verdict, and nothing of it is kept."""
    data = small.replies[FILE](Asked(FILE, None, {})).body
    small.replies[FILE] = file_reply(data[:-1] + bytes([data[-1] ^ 1]))
    with served(small):
        failed(ask(small.index), "is not the file that its index lists: sha256 is")
        small.replies[FILE] = file_reply(data)
        assert ask(small.index).code == 0


def test_a_file_that_is_longer_than_its_index_says(ask: Ask, small: Site) -> None:
    """It is read no further than that."""
    data = small.replies[FILE](Asked(FILE, None, {})).body
    small.replies[FILE] = file_reply(data + bytes(1 << 20))
    with served(small):
        failed(ask(small.index), f"more than the {len(data)} bytes expected")


def test_a_file_that_is_shorter_than_its_index_says(ask: Ask, small: Site) -> None:
    """It came whole, and is another one."""
    data = small.replies[FILE](Asked(FILE, None, {})).body
    small.replies[FILE] = file_reply(data[:-100])
    with served(small):
        failed(ask(small.index), f"{len(data) - 100} bytes came, its index says {len(data)}")


def test_a_connection_that_is_cut_midway(ask: Ask, small: Site) -> None:
    """It is tried again, and then told."""
    data = small.replies[FILE](Asked(FILE, None, {})).body
    small.replies[FILE] = lambda _: Reply(data[:500], length=len(data))
    with served(small):
        failed(ask(small.index), "the connection broke off")

    assert small.paths().count(FILE) == 3


def test_a_body_that_drips(ask: Ask, small: Site) -> None:
    """A server that sends a few bytes now and then is given up, though it never stops."""
    data = small.replies[FILE](Asked(FILE, None, {})).body
    small.replies[FILE] = lambda _: Reply(data, pause=0.05)
    with served(small):
        failed(ask(small.index, timeout="0.2"), "comes too slowly, given up")


def test_a_server_that_never_answers(ask: Ask, small: Site) -> None:
    """It is waited for as long as --timeout says."""
    small.latency = 3
    with served(small):
        failed(ask(small.index, timeout="0.2"), "no answer within 0.2 s")


def test_a_file_that_is_an_html_page(ask: Ask, small: Site) -> None:
    """A login page has another hash, and is named."""
    small.replies[FILE] = page(b"<html>" + bytes(10), "text/html")
    small.replies[PAGE] = json_reply("demo", [{"filename": NAME, "url": FILE, "hashes": {"sha256": "0" * 64}}])
    with served(small):
        failed(ask(small.index), "is not the file that its index lists, but an HTML page")


def test_an_html_page_where_no_hash_is_known(ask: Ask, small: Site) -> None:
    """It is no wheel all the same."""
    small.replies[FILE] = page(b"<html>", "text/html")
    small.replies[PAGE] = json_reply("demo", [{"filename": NAME, "url": FILE, "hashes": {}}])
    with served(small):
        failed(ask(small.index), "an HTML page came, and no wheel")


@pytest.mark.parametrize("hashes", [{"sha256": "zz"}, {"sha256": 3}, {"rot13": "00" * 8}, [], {"md5": None}], ids=repr)
def test_hashes_that_are_none(ask: Ask, small: Site, hashes: object) -> None:
    """There is nothing to hold the file against; an installer would take it, too."""
    small.replies[PAGE] = json_reply("demo", [{"filename": NAME, "url": FILE, "hashes": hashes}])
    with served(small):
        assert ask(small.index).stdout == "demo: 1.0\n"


@pytest.mark.parametrize("algorithm", ["md5", "sha512", "blake2b"])
def test_other_hashes_are_held_against_the_file(ask: Ask, small: Site, algorithm: str) -> None:
    """An index that knows no sha256 is still believed no more than its hash."""
    data = small.replies[FILE](Asked(FILE, None, {})).body
    digest = hashlib.new(algorithm, data).hexdigest()
    with served(small):
        small.replies[PAGE] = json_reply("demo", [{"filename": NAME, "url": FILE, "hashes": {algorithm: digest}}])
        assert ask(small.index).code == 0
        wrong = {algorithm: digest[::-1]}
        small.replies[PAGE] = json_reply("demo", [{"filename": NAME, "url": FILE, "hashes": wrong}])
        failed(ask(small.index), f"is not the file that its index lists: {algorithm} is")


@pytest.mark.parametrize("data", [b"no zip", b"PK\5\6" + bytes(18)], ids=["no-zip", "empty-zip"])
def test_a_file_that_is_no_wheel(ask: Ask, small: Site, data: bytes) -> None:
    """It is what the index lists, and nothing to install: no version that loads."""
    digest = hashlib.sha256(data).hexdigest()
    small.replies[FILE] = file_reply(data)
    small.replies[PAGE] = json_reply("demo", [{"filename": NAME, "url": FILE, "hashes": {"sha256": digest}}])
    with served(small):
        said = ask(small.index)

    assert said.code in (0, 1)
    assert said.stderr == ""


def test_a_wheel_that_inflates_without_end(ask: Ask, small: Site) -> None:
    """The limits for archives hold here, too."""
    data = wheel("bomb").read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    small.replies[FILE] = file_reply(data)
    small.replies[PAGE] = json_reply("demo", [{"filename": NAME, "url": FILE, "hashes": {"sha256": digest}}])
    with served(small):
        said = ask(small.index)

    assert said.code in (0, 1)
    assert said.stderr == ""


# --- Ranges --------------------------------------------------------------------------------------------------


def wrong_part(site: Site, **headers: str) -> Callable[[Asked], Reply]:
    """Return what answers ranges with other *headers* than it should."""
    honest = site.replies[FILE]

    def answer(asked: Asked) -> Reply:
        reply = honest(asked)
        changed = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(reply, headers={**reply.headers, **changed}) if asked.range else reply

    return answer


@pytest.mark.parametrize(
    ("content_range", "sentence"),
    [
        ("", "answers a part of the file without saying which"),
        ("bytes", "answers a part of the file without saying which"),
        ("bytes 0-10/*", "answers bytes 0-10, asked for"),
        ("bytes 0-66559/1501086", "answers bytes 0-66559, asked for"),
        ("bytes 5-4/9", "answers bytes 5-4, asked for"),
        ("bytes 99999999999999999999-1/2", "answers a part of the file without saying which"),
    ],
    ids=["none", "no-range", "other-length", "other-offset", "backwards", "too-large"],
)
def test_a_part_that_is_another_one(ask: Ask, large: Site, content_range: str, sentence: str) -> None:
    """Nothing is concluded from bytes of which nobody knows where they belong."""
    large.replies[FILE] = wrong_part(large, Content_Range=content_range)
    with served(large):
        failed(ask(large.index), sentence)


def test_a_part_of_a_file_of_another_size(ask: Ask, large: Site, tmp_path: Path) -> None:
    """The index and its server contradict each other."""
    size = (tmp_path / NAME).stat().st_size
    honest = large.replies[FILE]

    def answer(asked: Asked) -> Reply:
        reply = honest(asked)
        return replace(reply, headers={**reply.headers, "Content-Range": reply.headers["Content-Range"] + "0"})

    large.replies[FILE] = answer
    with served(large):
        failed(ask(large.index), f"its index says {size}")


def test_a_part_that_is_shorter_than_it_says(ask: Ask, large: Site) -> None:
    """A body of fewer bytes than the range is no range."""
    honest = large.replies[FILE]
    large.replies[FILE] = lambda asked: replace(honest(asked), body=honest(asked).body[:-5])
    with served(large):
        failed(ask(large.index), "bytes for a range of")


def test_a_part_that_is_longer_than_it_says(ask: Ask, large: Site) -> None:
    """It is read no further."""
    honest = large.replies[FILE]
    large.replies[FILE] = lambda asked: replace(honest(asked), body=honest(asked).body + bytes(99_999))
    with served(large):
        failed(ask(large.index), "bytes expected")


def test_a_file_that_changes_between_two_parts(ask: Ask, large: Site) -> None:
    """Its ETag says so."""
    count = iter(range(99))
    honest = large.replies[FILE]

    def answer(asked: Asked) -> Reply:
        reply = honest(asked)
        return replace(reply, headers={**reply.headers, "ETag": f'"{next(count)}"'})

    large.replies[FILE] = answer
    with served(large):
        failed(ask(large.index), "changed while it was read")


def test_a_range_that_is_refused(ask: Ask, large: Site) -> None:
    """416 is no part of anything."""
    large.replies[FILE] = page(b"", "text/plain", status=416)
    with served(large):
        failed(ask(large.index), "answers 416")


def test_a_range_that_is_answered_by_a_login_page(ask: Ask, large: Site) -> None:
    """A 200 is the whole file; this one is not."""
    large.replies[FILE] = page(b"<html>login</html>", "text/html")
    with served(large):
        failed(ask(large.index), "bytes came, its index says")


def test_a_probe_that_is_lied_to_says_nothing(ask: Ask, large: Site) -> None:
    """A directory of nonsense makes the probe silent; the whole file, by its hash, decides."""
    honest = large.replies[FILE]

    def answer(asked: Asked) -> Reply:
        reply = honest(asked)
        return replace(reply, body=b"\xff" * len(reply.body)) if asked.range else reply

    large.replies[FILE] = answer
    with served(large):
        said = ask(large.index)

    assert said.code in (0, 1)
    assert FILE in [asked.path for asked in large.asked if asked.range is None]


# --- Statuses ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [403, 404, 410, 418, 500, 502, 503, 504, 429])
def test_a_file_that_is_refused(ask: Ask, small: Site, status: int) -> None:
    """What may pass is tried again."""
    small.replies[FILE] = page(b"no", "text/plain", status=status)
    with served(small):
        failed(ask(small.index), f"answers {status}")

    assert small.paths().count(FILE) == (3 if status in (429, 500, 502, 503, 504) else 1)


def test_a_server_that_was_only_busy(ask: Ask, small: Site) -> None:
    """The second try succeeds."""
    honest = small.replies[FILE]
    busy = iter([True])
    small.replies[FILE] = lambda asked: Reply(status=503) if next(busy, False) else honest(asked)
    with served(small):
        assert ask(small.index).stdout == "demo: 1.0\n"


def test_a_password_that_is_refused_is_shown_to_nobody(ask: Ask, small: Site, tmp_path: Path) -> None:
    """Neither in the line, nor in the JSON, nor in what is kept."""
    small.replies[PAGE] = page(b"no", "text/plain", status=401)
    with served(small):
        index = small.index.replace("//", f"//me:{SECRET}@")
        failed(ask(index), "answers 401: wants a user and password, other than given")
        text = ask(index, "--json").stdout

    assert json.loads(text)["indexes"] == [small.index]
    assert SECRET not in text + "".join(path.read_text() for path in tmp_path.rglob("cache/*/*/*"))


def test_a_secret_in_a_query_is_shown_to_nobody(ask: Ask, small: Site) -> None:
    """URLs that are signed hold one."""
    small.replies[PAGE] = json_reply("demo", [{"filename": NAME, "url": f"/gone?token={SECRET}", "hashes": {}}])
    with served(small):
        said = ask(small.index)

    assert said.code == 4
    assert SECRET not in said.stdout


def test_a_server_that_is_not_there(ask: Ask) -> None:
    """One line, with the system's reason."""
    failed(ask("http://127.0.0.1:9/simple/"), "cannot be reached (Connection refused)")


def test_no_network(ask: Ask) -> None:
    """A name that nobody knows is one line, too."""
    said = ask("http://index.invalid/simple/")

    assert said.code == 4
    assert said.stdout.startswith("demo: could not be asked: http://index.invalid/simple/demo/: cannot be reached (")
    assert said.stdout.count("\n") == 1


def test_names_are_shown_without_what_a_terminal_would_obey(ask: Ask, small: Site) -> None:
    """A reason phrase may hold anything."""
    small.replies[FILE] = page(b"", "text/plain", status=404)
    small.replies[PAGE] = json_reply("demo", [{"filename": NAME, "url": "/a\u202eb\x1b[2J.whl", "hashes": {}}])
    with served(small):
        said = ask(small.index)

    assert said.stdout.isascii() or said.stdout.rstrip("\n").isprintable()
    assert "\x1b" not in said.stdout
