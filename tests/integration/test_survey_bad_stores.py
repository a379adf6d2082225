"""What can be wrong around a survey: each is one line, and nothing is lost that was there."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.support.cli import ROOT, Answer, environment, musl_audit, wheel
from tests.support.surveys import rows, scheduler, some_wheels, wait_until, worker

from musl_audit.adapters.stores.survey import open_store

CLEAN = wheel("clean_x86_64")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Return a store with a wheel in it."""
    musl_audit("survey", CLEAN, "--store", tmp_path / "store", "--jobs", "1")
    return tmp_path / "store"


def contents(store: Path) -> dict[str, bytes]:
    """Return what is in a store, but for the lock."""
    files = (path for path in store.rglob("*") if path.is_file() and path.name != "lock")
    return {str(path.relative_to(store)): path.read_bytes() for path in files}


def is_one_line(answer: Answer, words: str) -> bool:
    """Whether *answer* is exit 4 and one line that has *words*."""
    return (answer.code, answer.stderr.count("\n")) == (4, 1) and words in answer.stderr


def test_a_part_of_other_columns_is_told(store: Path) -> None:
    """A Parquet file that is whole, and somebody else's."""
    (part,) = store.glob("verdicts/*")
    pq.write_table(pa.table({"a": [1]}), part)
    before = contents(store)

    checked = musl_audit("survey", "--store", store, "--check")
    again = musl_audit("survey", wheel("clean_aarch64"), "--store", store)

    assert "its columns are not those of verdicts" in checked.stderr
    assert (checked.code, checked.stderr.count("\n")) == (4, 1)
    assert again.code == 4
    assert again.stderr.count("\n") == 1
    assert {name: data for name, data in contents(store).items() if name in before} == before


def test_a_store_that_may_not_be_written_is_one_line(store: Path, tmp_path: Path) -> None:
    """A file system that is mounted to be read: what it holds can still be asked."""
    before = contents(store)
    script = f'mount --bind {store} {store} && mount -o remount,ro,bind {store} && exec "$@"'
    shell = ["unshare", "--mount", "--map-root-user", "sh", "-c", script, "sh"]
    if subprocess.run([*shell, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no mount namespaces here")

    def asked(*words: str | Path) -> "subprocess.CompletedProcess[str]":
        command = [*shell, sys.executable, "-m", "musl_audit", "survey", *map(str, words), "--store", str(store)]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment())

    written = asked(wheel("clean_aarch64"))
    report = asked("report", "--output", tmp_path / "page.html")

    assert (written.returncode, written.stderr.count("\n")) == (4, 1), written.stderr
    assert "Read-only file system" in written.stderr
    assert report.returncode == 0, report.stderr
    assert contents(store) == before


def test_a_full_disk_is_one_line(store: Path, tmp_path: Path) -> None:
    """What was there stays, and with room again the run goes on."""
    script = f'mount -t tmpfs -o size=200k none {tmp_path}/disk && cp -r {store} {tmp_path}/disk/store && "$@"; code=$?'
    script += f"; cp -r {tmp_path}/disk/store {tmp_path}/after; exit $code"
    (tmp_path / "disk").mkdir()
    shell = ["unshare", "--mount", "--map-root-user", "sh", "-c", script, "sh"]
    if subprocess.run([*shell, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no mount namespaces here")
    shutil.rmtree(tmp_path / "after")
    mirror = some_wheels(tmp_path / "mirror", 200)

    command = [sys.executable, "-m", "musl_audit", "survey", str(mirror), "--store", f"{tmp_path}/disk/store", "-q"]
    answer = subprocess.run(
        [*shell, *command], capture_output=True, text=True, check=False, env=environment(MUSL_AUDIT_SURVEY_ROWS="16")
    )

    said = [line for line in answer.stderr.splitlines() if "No space left" in line]
    assert (answer.returncode, len(said)) == (4, 1), answer.stderr
    assert len(rows(tmp_path / "after")) >= 1
    assert list(open_store(str(tmp_path / "after")).faults()) == []
    assert musl_audit("survey", mirror, "--store", tmp_path / "after", "--quiet").code == 4  # some cannot be read
    musl_audit("survey", CLEAN, "--store", tmp_path / "whole", "--quiet")
    musl_audit("survey", mirror, "--store", tmp_path / "whole", "--quiet")
    assert rows(tmp_path / "after") == rows(tmp_path / "whole")


def test_an_interrupt_leaves_a_store_that_the_next_run_continues(tmp_path: Path) -> None:
    """Ctrl-C: what was found is kept."""
    mirror = some_wheels(tmp_path / "mirror", 150)
    store = tmp_path / "store"
    process = subprocess.Popen(
        [sys.executable, "-m", "musl_audit", "survey", mirror, "--store", store, "--jobs", "2", "--quiet"],
        env=environment(MUSL_AUDIT_SURVEY_ROWS="8"),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_until(lambda: (store / "parts.json").exists() and open_store(str(store)).parts)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)

    assert process.returncode != 0
    assert "Traceback" not in said
    assert list(open_store(str(store)).faults()) == []
    musl_audit("survey", mirror, "--store", store, "--quiet")
    musl_audit("survey", mirror, "--store", tmp_path / "whole", "--quiet")
    assert rows(store) == rows(tmp_path / "whole")


# --- Clusters -------------------------------------------------------------------------------------------------


def test_a_scheduler_that_is_not_there_is_one_line_of_the_command(tmp_path: Path) -> None:
    """Where nobody listens, at once."""
    address = ("--scheduler", "tcp://127.0.0.1:1", "--scheduler-timeout", "1")

    answer = musl_audit("survey", CLEAN, "--store", tmp_path / "s", *address)

    assert is_one_line(answer, "no scheduler answers"), answer.stderr


def test_a_scheduler_that_dies_for_good_is_one_line(tmp_path: Path) -> None:
    """What was found before it died is kept, and the next run goes on without it."""
    mirror = some_wheels(tmp_path / "mirror", 150)
    store = tmp_path / "store"
    command = [sys.executable, "-m", "musl_audit", "survey", str(mirror), "--store", str(store), "--quiet"]
    with scheduler() as (address, _), worker(address):
        process = subprocess.Popen(
            [*command, "--scheduler", address, "--scheduler-timeout", "2"],
            env=environment(PYTHONPATH=str(ROOT), MUSL_AUDIT_SURVEY_ROWS="4"),
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_until(lambda: (store / "parts.json").exists() and open_store(str(store)).parts)
    _, said = process.communicate(timeout=120)

    assert (process.returncode, said.count("\n")) == (4, 1), said
    assert rows(store)
    musl_audit("survey", mirror, "--store", store, "--quiet")
    musl_audit("survey", mirror, "--store", tmp_path / "whole", "--quiet")
    assert rows(store) == rows(tmp_path / "whole")


def test_workers_of_another_version_are_refused_by_the_command(tmp_path: Path) -> None:
    """One line, before a wheel is read."""
    other = Path(shutil.copytree(ROOT / "src" / "musl_audit", tmp_path / "other" / "musl_audit"))
    shutil.copytree(ROOT / "policies", other / "policies")
    init = other / "__init__.py"
    init.write_text(re.sub('__version__ = "[^"]*"', '__version__ = "99.0"', init.read_text()))
    with scheduler() as (address, _), worker(address, PYTHONPATH=f"{tmp_path}/other:{ROOT}"):
        answer = musl_audit("survey", CLEAN, "--store", tmp_path / "s", "--scheduler", address)

    assert is_one_line(answer, "has musl-audit 99.0 with the policies"), answer.stderr
    assert rows(tmp_path / "s") == []


def test_other_policies_are_those_of_the_workers_too(tmp_path: Path) -> None:
    """They must see the same folder."""
    policies = shutil.copytree(ROOT / "policies", tmp_path / "policies")
    with scheduler() as (address, _), worker(address):
        options = ("--store", tmp_path / "s", "--scheduler", address, "--policies", policies)
        answer = musl_audit("survey", CLEAN, *options, "--json")

    assert (answer.code, answer.json["read"]) == (0, 1), answer.stderr
