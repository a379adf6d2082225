"""Damaged libraries, and what musl's own loader makes of them: said to load, loads; said not to load, does not."""

import os
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from tests.conftest import Miss, Tally
from tests.support.damage import SUBJECTS, Damaged, Subject, ask, damaged, disagreement, our_answer, our_report
from tests.support.loaders import Loader, all_loaders, what_is_missing

from musl_audit import load_catalog

RELEASE = "1.2.3"
COUNT = int(os.environ.get("MUSL_AUDIT_DAMAGED", "40"))  # of each subject; the whole campaign has a thousand


def loader_of(subject: Subject) -> Loader:
    return next(loader for loader in all_loaders() if (loader.arch, loader.release) == (subject.arch, RELEASE))


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: f"{subject.arch}-{subject.case}")
def test_a_damaged_library_is_judged_as_the_loader_does(
    subject: Subject, tmp_path: Path, miss: Miss, tally: Tally
) -> None:
    """Never said to load where the loader refuses; the few where it crashes, or loads all the same, are bounded."""
    loader = loader_of(subject)
    if need := what_is_missing(loader):
        miss(need)
    random = Random(f"1 {subject.name}")  # noqa: S311 - variety, not secrecy
    images = (damaged(subject.data, random) for _ in range(COUNT))
    wrong: Counter[str] = Counter()
    for image, answer in ask(loader, tmp_path, images):
        report = our_report(image.data, subject.arch, load_catalog())
        wrong[disagreement(our_answer(report, RELEASE), answer)] += 1
    tally("damaged libraries, musl's loaders", COUNT, wrong[""])

    assert wrong["said to load, refused"] == 0
    assert wrong["said to load, crashes"] <= max(1, COUNT // 50)
    assert wrong["said not to load, loads"] <= max(2, COUNT // 25)


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: f"{subject.arch}-{subject.case}")
def test_the_library_loads_before_it_is_damaged(subject: Subject, tmp_path: Path, miss: Miss) -> None:
    """Or the answers would mean nothing."""
    loader = loader_of(subject)
    if need := what_is_missing(loader):
        miss(need)

    ((_, answer),) = ask(loader, tmp_path, [Damaged("", "", subject.data)])

    assert answer.is_ok, answer.text
