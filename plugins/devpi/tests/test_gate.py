"""A real devpi-server with the plug-in, and the real twine, uv and devpi: what is refused, what is stored."""

import socket
import zipfile
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.conftest import Miss
from tests.support.cli import wheel
from tests.support.gated_devpi import Devpi, Said, gated_devpi, multipart
from tests.support.indexes import Asked, Reply, Site, json_reply, offered, served, site_of, write_wheel
from tests.support.servers import CLIENTS

BROKEN, GOOD, WORD = "packed_relocations_x86_64", "clean_x86_64", "MUSL401 packed-relocations"
CRASHES = "Crashes on Alpine 3.13-3.17. Works on Alpine 3.18 and later."


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Devpi | None]:
    """One server for the tests that each have an index of their own; None where it is not installed."""
    if not (CLIENTS / "devpi").exists():
        yield None
        return
    with gated_devpi(tmp_path_factory.mktemp("devpi")) as devpi:
        yield devpi


@pytest.fixture
def devpi(server: Devpi | None, miss: Miss) -> Devpi:
    if server is None:
        miss("clients")
    assert server is not None
    return server


# --- Clients -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("client", ["twine", "uv", "devpi"])
def test_every_client_is_told_why_a_broken_wheel_is_refused(client: str, devpi: Devpi) -> None:
    """And the good one is stored, with its verdict."""
    devpi.make(client)
    devpi.devpi_log_in(client)

    def upload(path: Path) -> Said:
        if client == "devpi":
            return devpi.devpi("upload", str(path))
        return devpi.twine(client, path) if client == "twine" else devpi.uv(client, path)

    before = devpi.serial()
    refused = upload(wheel(BROKEN))
    after = devpi.serial()
    stored = upload(wheel(GOOD))

    assert refused.code != 0
    assert CRASHES in refused.text.replace("–", "-"), refused.text
    assert WORD in refused.text
    assert after == before, "something was written before the wheel was judged"
    assert devpi.files(client, "packed-relocations-x86-64") == {}
    assert stored.code == 0, stored.text
    assert [row["verdict"] for row in devpi.verdicts(client, "clean-x86-64")] == [
        "Works on every known musl: Alpine 3.13 and later."
    ]


def test_a_push_is_judged_by_what_the_target_asks(devpi: Devpi) -> None:
    """The source only warns; the verdict that is kept says what it would have refused."""
    devpi.make("source", musl_audit_warn_only=True)
    devpi.make("strict")
    devpi.make("young", musl_audit_floor="alpine-3.18")
    devpi.devpi_log_in("source")
    assert devpi.twine("source", wheel(BROKEN), wheel(GOOD)).code == 0

    kept = devpi.verdicts("source", "packed-relocations-x86-64")
    refused = devpi.devpi("push", "packed-relocations-x86-64==1.0", "root/strict")
    young = devpi.devpi("push", "packed-relocations-x86-64==1.0", "root/young")
    good = devpi.devpi("push", "clean-x86-64==1.0", "root/strict")

    assert [row["codes"] for row in kept] == [["MUSL401"]]
    assert refused.code != 0
    assert CRASHES in refused.text, refused.text
    assert devpi.files("strict", "packed-relocations-x86-64") == {}
    assert (young.code, good.code) == (0, 0), young.text + good.text
    assert [row["codes"] for row in devpi.verdicts("young", "packed-relocations-x86-64")][-1] == []
    assert len(devpi.verdicts("strict", "clean-x86-64")) == 2, "one of the upload, one of the push"


def mirrored(*names: str) -> Site:
    """Return an index as devpi mirrors it: with a list of projects."""
    site = site_of([wheel(name) for name in names])
    projects = [{"name": path.split("/")[2]} for path in site.replies if path.startswith("/simple/")]
    site.replies["/simple/"] = json_reply("", [], projects=projects)
    return site


def test_a_push_from_a_mirror_is_judged_as_well(devpi: Devpi) -> None:
    """The file is fetched first, as devpi-server would."""
    site = mirrored(BROKEN, GOOD)
    with served(site):
        status, answer = devpi.send("PUT", "root/mirror", {"type": "mirror", "mirror_url": site.index})
        assert status == 200, answer
        devpi.make("behind")
        devpi.devpi_log_in("mirror")
        refused = devpi.devpi("push", "packed-relocations-x86-64==1.0", "root/behind")
        good = devpi.devpi("push", "clean-x86-64==1.0", "root/behind")

    assert refused.code != 0
    assert CRASHES in refused.text, refused.text
    assert devpi.files("behind", "packed-relocations-x86-64") == {}
    assert good.code == 0, good.text
    assert len(devpi.files("behind", "clean-x86-64")) == 1


def test_nothing_is_stored_that_was_not_judged(devpi: Devpi) -> None:
    """A mirrored index that gave the file to devpi-server itself, and not before, when it was to be judged."""
    site = mirrored(BROKEN)
    path = f"/files/{wheel(BROKEN).name}"
    answers = iter([Reply(status=500), *[site.replies[path](Asked(path, None, {}))] * 3])
    site.replies[path] = lambda _: next(answers)
    with served(site):
        devpi.send("PUT", "root/flaky", {"type": "mirror", "mirror_url": site.index})
        devpi.make("beyond")
        push = {"name": "packed-relocations-x86-64", "version": "1.0", "targetindex": "root/beyond"}
        status, answer = devpi.send("POST", "root/flaky", push)

    assert (status, answer) == (
        409,
        {"message": "packed-relocations-x86-64 1.0 on root/flaky is not what was judged: try again"},
    )
    assert devpi.files("beyond", "packed-relocations-x86-64") == {}


# --- Settings ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({}, 400),
        ({"musl_audit_floor": "1.2.4"}, 200),
        ({"musl_audit_ignore": ["MUSL4"]}, 200),
        ({"musl_audit_fail_on": "never"}, 200),
        ({"musl_audit_warn_only": True}, 200),
    ],
    ids=str,
)
def test_each_index_has_settings_of_its_own(settings: dict[str, object], status: int, devpi: Devpi) -> None:
    """The same wheel, refused here and stored there."""
    index = "with" + "".join(character for character in str(settings) if character.isalnum()).lower()
    devpi.make(index, **settings)

    answer = devpi.upload(index, wheel(BROKEN).name, wheel(BROKEN).read_bytes())

    assert answer.code == status, answer.text


def test_wrong_settings_are_refused_when_they_are_set(devpi: Devpi) -> None:
    """A new index is not made, an old one stays as it was."""
    devpi.make("careful")
    devpi.devpi_log_in("careful")
    made = devpi.send("PUT", "root/wrong", {"type": "stage", "bases": [], "musl_audit_fail_on": "fatal"})
    changed = devpi.devpi("index", "root/careful", "musl_audit_floor=1.9.9")

    assert made == (400, {"message": "musl_audit_fail_on: 'fatal' is none of note, warning, error, never"})
    assert devpi.send("GET", "root/wrong")[0] == 404
    assert changed.code != 0
    assert "musl_audit_floor: unknown musl release 1.9.9" in changed.text
    assert devpi.send("GET", "root/careful")[1]["result"]["musl_audit_floor"] == ""  # type: ignore[index]


def test_a_restart_keeps_settings_and_a_server_with_wrong_ones_says_so_when_it_starts(
    tmp_path: Path, miss: Miss
) -> None:
    """Not at the first upload: policies that are gone, and a floor that only they had."""
    if not (CLIENTS / "devpi").exists():
        miss("clients")
    policies = _policies_with(tmp_path / "policies", "alpine-9.99")
    with gated_devpi(tmp_path, "--musl-audit-policies", str(policies)) as devpi:
        devpi.make("kept", musl_audit_floor="alpine-9.99", musl_audit_ignore=["MUSL1"])
        devpi.make("other", musl_audit_floor="1.2.4")
    with gated_devpi(tmp_path, "--musl-audit-policies", str(policies), devpi=devpi):
        config = devpi.send("GET", "root/kept")[1]["result"]
        allowed = devpi.upload("other", wheel(BROKEN).name, wheel(BROKEN).read_bytes())

    assert (config["musl_audit_floor"], config["musl_audit_ignore"]) == ("alpine-9.99", ["MUSL1"])  # type: ignore[index]
    assert allowed.code == 200
    with pytest.raises(RuntimeError, match=r"root/kept: musl_audit_floor: unknown floor 'alpine-9.99'"):
        _start(tmp_path, devpi)
    with pytest.raises(RuntimeError, match=r"musl-audit: no such directory of policies: .*gone"):
        _start(tmp_path, devpi, "--musl-audit-policies", str(tmp_path / "gone"))


def _start(folder: Path, devpi: Devpi, *options: str) -> None:
    with gated_devpi(folder, *options, devpi=devpi):
        pass


def _policies_with(folder: Path, distribution: str) -> Path:
    """Return a copy of the policies that knows one more distribution."""
    import json
    import shutil

    from tests.support.cli import ROOT

    shutil.copytree(ROOT / "policies", folder)
    path = folder / "distributions.json"
    document = json.loads(path.read_text())
    rows = document["distributions"]
    rows.append({**rows[-1], "id": distribution, "release": distribution.partition("-")[2]})
    path.write_text(json.dumps(document))
    return folder


# --- Bad input -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("unjudgeable", "status"), [("refuse", 400), ("allow", 200)])
@pytest.mark.parametrize("case", ["cut", "architecture"])
def test_what_cannot_be_judged_is_refused_unless_the_index_lets_it_through(
    case: str, unjudgeable: str, status: int, devpi: Devpi
) -> None:
    """Half an archive, and a wheel for an architecture without policies; the reason is told."""
    index = f"{case}{unjudgeable}"
    devpi.make(index, musl_audit_unjudgeable=unjudgeable)
    name, content = wheel(GOOD).name, wheel(GOOD).read_bytes()
    sent = (name, content[:-300]) if case == "cut" else (name.replace("x86_64.whl", "vax.whl"), content)

    answer = devpi.upload(index, *sent)

    assert answer.code == status, answer.text
    assert status == 200 or "annot be judged" in answer.text


def test_sdists_and_documentation_pass_untouched(devpi: Devpi) -> None:
    """As do wheels of other platforms: nothing in them is musl's."""
    devpi.make("others")
    devpi.upload("others", "demo-1.0.tar.gz", b"anything", version="1.0")
    devpi.upload("others", "demo-1.0.zip", b"anything", version="1.0", **{":action": "doc_upload"})
    devpi.upload("others", "demo-1.0-cp312-cp312-win_amd64.whl", b"anything")

    assert set(devpi.files("others", "demo")) == {
        "demo-1.0.tar.gz",
        "demo-1.0.doc.zip",
        "demo-1.0-cp312-cp312-win_amd64.whl",
    }


def test_a_wheel_whose_name_is_of_another_project_is_refused(devpi: Devpi) -> None:
    """The file name says what installers believe."""
    devpi.make("names")
    answer = devpi.upload("names", wheel(GOOD).name.replace("clean_x86_64", "numpy"), wheel(GOOD).read_bytes())

    assert answer.code == 400
    assert "MUSL002 tag-mismatch" in answer.text


@pytest.mark.parametrize("name", ["../../demo-1.0-py3-none-any.whl", "demo-1.0-" + "x" * 300 + ".whl"])
def test_a_name_that_is_none_for_a_file_reaches_no_folder(name: str, devpi: Devpi) -> None:
    """A path, a name longer than file systems take."""
    devpi.make("hostile") if devpi.send("GET", "root/hostile")[0] == 404 else None
    answer = devpi.upload("hostile", name, b"anything", name="demo", version="1.0")

    assert answer.code == 400
    assert "is not a wheel's name" in answer.text


def test_an_upload_that_is_cut_leaves_nothing(devpi: Devpi) -> None:
    """The connection ends in the middle of the file; the next upload is served."""
    devpi.make("halves")
    name, content = wheel(GOOD).name, wheel(GOOD).read_bytes()
    body = multipart({":action": "file_upload", "name": "clean_x86_64", "version": "1.0"}, name, content)
    head = (
        f"POST /root/halves/ HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic cm9vdDo=\r\n"
        f"Content-Type: multipart/form-data; boundary=between-two-fields\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", devpi.port)) as connection:
        connection.sendall(head.encode() + body[: len(body) // 2])
    cut = devpi.files("halves", "clean-x86-64")
    whole = devpi.upload("halves", name, content)

    assert cut == {}
    assert whole.code == 200


def test_who_may_not_upload_is_told_so_before_anything_is_judged(devpi: Devpi) -> None:
    """Judging costs time, which nobody without a password gets."""
    devpi.make("closed", acl_upload=["nobody"])
    answer = devpi.upload("closed", wheel(BROKEN).name, wheel(BROKEN).read_bytes())

    assert answer.code == 403
    assert "MUSL" not in answer.text


# --- Many, and large -----------------------------------------------------------------------------------------


def test_fifty_uploads_at_once_each_get_their_answer(devpi: Devpi, tmp_path: Path) -> None:
    """Good and broken, one after another; nothing is mixed up."""
    devpi.make("crowd")
    names = {number: GOOD if number % 2 else BROKEN for number in range(50)}
    paths = {
        number: offered(wheel(name), f"demo{number}-1.0-cp312-cp312-musllinux_1_2_x86_64.whl", tmp_path)
        for number, name in names.items()
    }
    with ThreadPoolExecutor(50) as pool:
        sent = pool.map(lambda path: devpi.upload("crowd", path.name, path.read_bytes()), paths.values())
        answers = dict(zip(paths, sent, strict=True))

    assert {number: answer.code for number, answer in answers.items()} == {
        number: 200 if number % 2 else 400 for number in range(50)
    }
    assert all(paths[number].name in answer.text for number, answer in answers.items() if answer.code == 400)
    assert all(len(devpi.verdicts("crowd", f"demo{number}")) == number % 2 for number in range(50))


def test_a_large_upload_keeps_nobody_waiting(devpi: Devpi, tmp_path: Path) -> None:
    """While 200 MB that inflate to gigabytes are judged, others upload and read; the large one is stored at last."""
    devpi.make("large")
    path = _large(tmp_path / "large-1.0-cp312-cp312-musllinux_1_2_x86_64.whl")
    with ThreadPoolExecutor(1) as pool:
        content = path.read_bytes()
        large = pool.submit(devpi.upload, "large", path.name, content)
        others = []
        while not large.done():
            small = devpi.upload("large", wheel(GOOD).name, wheel(GOOD).read_bytes())
            others.append((small.code, devpi.send("GET", "root/large")[0], large.done()))

    assert large.result().code == 200, large.result().text
    assert {status[:2] for status in others} == {(200, 200)}
    assert sum(not was_done for *_, was_done in others) > 3
    assert len(devpi.verdicts("large", "large")) == 1


def _large(path: Path) -> Path:
    """Write a wheel of 200 MB, stored, with a good extension and 32 files that look like ELF and inflate to 64 MB."""
    with zipfile.ZipFile(wheel(GOOD)) as good:
        contents = {name: good.read(name) for name in good.namelist() if ".dist-info/" not in name}
    write_wheel(path, contents)
    with zipfile.ZipFile(path, "a") as archive:
        with archive.open("large/noise.bin", "w") as noise:
            for number in range(200):
                noise.write(bytes([number]) * (1 << 20))
        for number in range(32):
            with archive.open(zipfile.ZipInfo(f"large/data{number}.bin"), "w") as member:
                member.write(b"\x7fELF" + bytes(1 << 20))
    return path
