"""How a survey looks at wheels in other processes: policies are loaded once in each, and anew where they changed."""

import pickle
import shutil
from pathlib import Path

from musl_audit.adapters.catalogs import policies_directory
from musl_audit.workflows.survey_looking import Looking


def sent(looking: Looking) -> Looking:
    """Return what another process gets that is sent *looking*."""
    received = pickle.loads(pickle.dumps(looking))  # noqa: S301
    assert isinstance(received, Looking)
    return received


def test_each_batch_brings_the_same() -> None:
    """A cluster is sent it with every batch."""
    first = sent(Looking())

    assert sent(Looking()) is first
    assert sent(first).catalog is first.catalog
    assert first.digest == Looking().digest


def test_other_policies_are_loaded(tmp_path: Path) -> None:
    """Those of another directory, and those that changed in the same one since a worker began."""
    policies = tmp_path / "policies"
    shutil.copytree(policies_directory(), policies)
    before = sent(Looking(policies=str(policies)))
    (name, *_) = sorted((policies / "musl").glob("*.json"))
    name.write_text(name.read_text() + " ")
    after = sent(Looking(policies=str(policies)))

    assert before is not after
    assert before.digest != after.digest
