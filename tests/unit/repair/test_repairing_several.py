"""Several wheels at once: a process that dies is one failure, a misuse ends the run, names that meet go one by one."""

import os
import signal
from pathlib import Path

import pytest
from tests.support.values import catalog

from musl_audit.adapters.runners import runner_named
from musl_audit.errors import UsageError
from musl_audit.judging.settings import Settings
from musl_audit.repair.actions import RepairSettings
from musl_audit.wheel.limits import Limits
from musl_audit.workflows import repairing_several
from musl_audit.workflows.repairing import Repaired, RepairStatus, Searching, Workshop
from musl_audit.workflows.repairing_several import may_collide, repair_each


class Scripted(Workshop):
    """Does what the name of the wheel says."""

    def repaired(self, path: Path) -> Repaired:
        if path.name == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        if path.name == "misuse":
            raise UsageError("not like this")
        return Repaired(str(path), RepairStatus.COPIED)


def workshop(directory: Path) -> Scripted:
    return Scripted(directory, catalog(), Settings(), RepairSettings(), Searching(None), Limits())


@pytest.fixture
def _in_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """However small the wheels are."""
    monkeypatch.setattr(repairing_several, "runner_for", lambda _items, _jobs: runner_named("processes"))


@pytest.mark.usefixtures("_in_processes")
def test_a_process_that_dies_is_a_failure_of_its_wheel(tmp_path: Path) -> None:
    """The others are repaired, in their order."""
    results = list(repair_each(workshop(tmp_path), [Path("a"), Path("dies"), Path("b")], jobs=2))

    assert [(one.path, one.status, one.exit_code) for one in results] == [
        ("a", RepairStatus.COPIED, 0),
        ("dies", RepairStatus.FAILED, 4),
        ("b", RepairStatus.COPIED, 0),
    ]
    assert "killed by signal 9" in results[1].reasons[0]


@pytest.mark.usefixtures("_in_processes")
def test_a_misuse_ends_the_run(tmp_path: Path) -> None:
    """As it does in one process."""
    with pytest.raises(UsageError, match="not like this"):
        list(repair_each(workshop(tmp_path), [Path("a"), Path("misuse")], jobs=2))


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ("demo-1-cp312-cp312-linux_x86_64.whl", True),
        ("Demo-1-1-cp312-cp312-musllinux_1_1_x86_64.musllinux_1_2_x86_64.whl", True),
        ("demo-1-cp312-cp312-any.whl", True),
        ("demo-1-cp312-cp312-musllinux_1_2_aarch64.whl", False),
        ("demo-1-cp313-cp313-musllinux_1_2_x86_64.whl", False),
        ("demo-2-cp312-cp312-linux_x86_64.whl", False),
        ("no wheel", False),
    ],
)
def test_wheels_whose_results_might_meet_are_known(other: str, expected: bool) -> None:
    """They go one by one, so that the first one wins, whatever the processes do."""
    assert may_collide(["demo-1-cp312-cp312-musllinux_1_2_x86_64.whl", other]) is expected
