"""A store in an object store: moto's S3 server on loopback, as real as a test can have one."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.cli import environment, musl_audit, wheel
from tests.support.surveys import rows, some_wheels

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}
SERVER = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Yield the URL of a store in an empty bucket."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", SERVER],
        env=environment(**KEYS),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    port = process.stdout.readline().strip()
    options = f"scheme=http&endpoint_override=127.0.0.1:{port}&region=us-east-1&allow_bucket_creation=true"
    yield f"s3://surveys/nightly?{options}"
    process.communicate("")


def test_a_store_in_an_object_store(bucket: str, tmp_path: Path) -> None:
    """Parts are objects, which appear whole; the answers are those of a folder."""
    mirror = some_wheels(tmp_path / "mirror", 12)
    first = musl_audit("survey", mirror, "--store", bucket, "--json", "--jobs", "1")
    second = musl_audit("survey", mirror, "--store", bucket, "--json", "--compact")
    musl_audit("survey", mirror, "--store", tmp_path / "folder", "--jobs", "1")

    assert (first.code, second.code) == (0, 0), first.stderr + second.stderr
    assert (first.json["read"], second.json["read"], second.json["known"]) == (12, 0, 12)
    assert rows(bucket) == rows(tmp_path / "folder")
    assert musl_audit("survey", "--store", bucket, "--check").stdout == "3 parts, all whole\n"


def test_a_store_that_cannot_be_reached_is_one_line(bucket: str) -> None:
    """Without the keys in it."""
    nowhere = bucket.replace("127.0.0.1", "127.0.0.1:1/").partition("&region")[0]

    answer = musl_audit("survey", wheel("clean_x86_64"), "--store", f"{nowhere}&region=us-east-1", env=dict(os.environ))

    assert answer.code == 4
    assert answer.stderr.count("\n") == 1
