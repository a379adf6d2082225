"""The same answers from the servers that people run: nginx, devpi, pypiserver, and Python's own."""

import json
from pathlib import Path

import pytest
from tests.conftest import Miss
from tests.support.indexes import in_process
from tests.support.servers import SERVERS, lacking
from tools.evidence.index_wheels import read_list

pytest.importorskip("httpx")


@pytest.mark.parametrize("name", SERVERS)
def test_every_server_gets_the_same_answer(name: str, tmp_path: Path, miss: Miss) -> None:
    """JSON or HTML, with hashes or without, with ranges or without: greenlet 3.2.5 is the newest on musl 1.2.2."""
    wheels = read_list()["greenlet"].paths
    if not all(path.exists() for path in wheels):
        miss("index")
    if need := lacking(name):
        miss(need)
    (folder := tmp_path / "server").mkdir()
    with SERVERS[name](folder, wheels) as url:
        where = ("--index", url, "--on", "1.2.2", "--python", "3.11", "--arch", "x86_64")
        answer = in_process(
            "which", "greenlet", "--json", *where, MUSL_AUDIT_CACHE_DIR=str(tmp_path / "cache"), NETRC="/dev/null"
        )

    choice = json.loads(answer.stdout)["choices"][0]
    assert choice["version"] == "3.2.5"
    assert [row["loads"] for row in choice["versions"]] == [False, False, True]
    assert [row["files"][0]["code"] for row in choice["versions"]] == ["MUSL401", "MUSL401", None]
    has_ranges = name in ("nginx", "pypiserver")
    assert choice["versions"][0]["files"][0]["known_by"] == ("probe" if has_ranges else "file")
