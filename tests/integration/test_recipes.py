"""The recipes of docs/how-to/upload-gate.md, run as they stand there against real servers on loopback."""

import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.conftest import Miss
from tests.support.cli import ROOT, wheel
from tests.support.indexes import served, site_of
from tests.support.servers import CLIENTS, free_port, running

PAGE = (ROOT / "docs" / "how-to" / "upload-gate.md").read_text()
BROKEN, GOOD = "packed_relocations_x86_64", "clean_x86_64"


def blocks(heading: str, language: str) -> list[str]:
    """Return the blocks below a heading."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)


def steps(heading: str) -> list[str]:
    """Return the commands of a pipeline's YAML, without those that install."""
    (block,) = blocks(heading, "yaml")
    return [line for line in re.findall(r"- (?:run: )?(.+)", block) if "pip install" not in line]


def shell(script: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run *script* in *folder* with our programs on PATH."""
    path = os.pathsep.join([str(Path(sys.executable).parent), str(CLIENTS), os.environ["PATH"]])
    quiet = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", "NETRC": "/dev/null"}
    credentials = {"TWINE_USERNAME": "a", "TWINE_PASSWORD": "b", "UV_PUBLISH_USERNAME": "a", "UV_PUBLISH_PASSWORD": "b"}
    environment = {**os.environ, **quiet, **credentials, "PATH": path, **variables}
    return subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def dist(folder: Path, *names: str) -> None:
    """Put test wheels and a source distribution into ``dist/``."""
    (folder / "dist").mkdir()
    for name in names:
        shutil.copy(wheel(name), folder / "dist")
    shutil.copy(sdist(folder), folder / "dist")


def sdist(folder: Path) -> Path:
    """Write a source distribution that twine and pypiserver take."""
    home = folder / "demo-1.0"
    home.mkdir()
    (home / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n")
    subprocess.run(["tar", "czf", "demo-1.0.tar.gz", "demo-1.0"], cwd=folder, check=True)
    return folder / "demo-1.0.tar.gz"


@contextmanager
def pypiserver(folder: Path, packages: Path) -> Iterator[str]:
    """Serve *packages*, and take uploads from anybody."""
    packages.mkdir(exist_ok=True)
    port = free_port()
    where = ["-i", "127.0.0.1", "-p", str(port), "-P", ".", "-a", ".", "--disable-fallback"]
    with running([str(CLIENTS / "pypi-server"), "run", *where, str(packages)], folder, f"http://127.0.0.1:{port}/"):
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture
def server(tmp_path: Path, miss: Miss) -> Generator[str]:
    if not (CLIENTS / "pypi-server").exists():
        miss("clients")
    with pypiserver(tmp_path, tmp_path / "served") as url:
        yield url


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


@pytest.mark.parametrize("client", ["twine", "uv"])
def test_what_was_checked_is_what_is_uploaded(client: str, server: str, tmp_path: Path) -> None:
    """A file that came later is not sent; one that changed stops the upload."""
    check, upload = blocks("twine", "bash")
    (upload,) = blocks("uv", "bash") if client == "uv" else [upload]
    dist(tmp_path, GOOD)
    assert shell(check, tmp_path).returncode == 0
    shutil.copy(wheel(BROKEN), tmp_path / "dist")
    sent = shell(upload, tmp_path, REPOSITORY_URL=server)
    held = names(tmp_path / "served")
    with (tmp_path / "dist" / wheel(GOOD).name).open("ab") as file:
        file.write(b"one more byte")
    changed = shell(upload, tmp_path, REPOSITORY_URL=server)

    assert sent.returncode == 0, sent.stdout + sent.stderr
    assert held == {wheel(GOOD).name, "demo-1.0.tar.gz"}
    assert changed.returncode != 0
    assert "computed checksum did NOT match" in changed.stderr


def test_a_broken_wheel_ends_the_job_that_checks(tmp_path: Path) -> None:
    """Nothing is written down then, so nothing can be uploaded."""
    dist(tmp_path, BROKEN)
    check, upload = blocks("twine", "bash")

    assert shell(check, tmp_path).returncode == 1
    assert shell(upload, tmp_path, REPOSITORY_URL="http://127.0.0.1:9/").returncode != 0
    assert not (tmp_path / "checked.sha256").exists()


@pytest.mark.parametrize("heading", ["GitLab's package registry", "Gitea's and Forgejo's package registry"])
@pytest.mark.parametrize("name", [GOOD, BROKEN])
def test_the_pipelines_upload_what_is_good(heading: str, name: str, server: str, tmp_path: Path) -> None:
    """Their commands, one after another, as a runner runs them."""
    dist(tmp_path, name)
    script = "set -e\n" + "\n".join(steps(heading))

    done = shell(script, tmp_path, TWINE_REPOSITORY_URL=server)

    assert (done.returncode == 0) is (name == GOOD), done.stdout + done.stderr
    assert names(tmp_path / "served") == ({wheel(GOOD).name, "demo-1.0.tar.gz"} if name == GOOD else set())


def test_pypiserver_serves_what_the_job_let_through(tmp_path: Path, miss: Miss) -> None:
    """What is refused lies beside its reason."""
    if not (CLIENTS / "pypi-server").exists():
        miss("clients")
    folders = {name: str(tmp_path / name.lower()) for name in ("INCOMING", "PACKAGES", "REFUSED")}
    (tmp_path / "incoming").mkdir()
    for name in (GOOD, BROKEN):
        shutil.copy(wheel(name), tmp_path / "incoming")
    shutil.copy(sdist(tmp_path), tmp_path / "incoming")
    (script,) = blocks("pypiserver", "bash")

    done = shell(script, tmp_path, **folders)
    with (
        pypiserver(tmp_path, tmp_path / "packages") as url,
        urllib.request.urlopen(f"{url}packages/", timeout=20) as page,
    ):
        offered = page.read().decode()

    assert done.returncode == 0, done.stderr
    assert wheel(GOOD).name in offered
    assert "demo-1.0.tar.gz" in offered
    assert wheel(BROKEN).name not in offered
    assert names(tmp_path / "incoming") == set()
    assert names(tmp_path / "refused") == {wheel(BROKEN).name, f"{wheel(BROKEN).name}.txt"}
    assert "MUSL401" in (tmp_path / "refused" / f"{wheel(BROKEN).name}.txt").read_text()


def test_a_survey_of_an_index_fails_for_what_breaks_its_promise(tmp_path: Path) -> None:
    """And is green where nothing does; a second run fetches nothing again."""
    pytest.importorskip("pyarrow")
    pytest.importorskip("httpx")
    (script,) = blocks("Artifactory, Nexus and other indexes", "bash")
    place = {"STORE": str(tmp_path / "store"), "MUSL_AUDIT_CACHE_DIR": str(tmp_path / "cache")}
    with served(site_of([wheel(GOOD), wheel(BROKEN)])) as site:
        good = shell(script, tmp_path, INDEX_URL=site.index, PROJECTS="clean-x86-64", **place)
        both = shell(script, tmp_path, INDEX_URL=site.index, PROJECTS="clean-x86-64 packed-relocations-x86-64", **place)

    assert good.returncode == 0, good.stderr
    assert both.returncode == 1, both.stderr
    assert site.paths().count(f"/files/{wheel(GOOD).name}") == 1
