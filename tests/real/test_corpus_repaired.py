"""Every wheel of the corpus with packed relocations, repaired, and musl's own loaders asked."""

from pathlib import Path

import pytest
from tests.conftest import Miss, Tally
from tests.support.installed_wheels import WheelAnswer, ask_wheel, installed
from tests.support.loaders import Loader, Outcome, all_loaders, what_is_missing
from tools.evidence.corpus import CorpusRow, read_corpus
from tools.evidence.real_wheels import repaired

from musl_audit import judge, load_catalog, read_facts

pytestmark = pytest.mark.real
PACKED = [row for row in read_corpus() if "DT_RELR" in row.why]
FIRST = "1.2.4"  # the release that applies packed relocations


def loaders_of(arch: str, miss: Miss) -> list[Loader]:
    """Return the loaders for *arch*, oldest first."""
    loaders = [loader for loader in all_loaders() if loader.arch == arch]
    for loader in loaders:
        if need := what_is_missing(loader):
            miss(need)
    return sorted(loaders, key=lambda loader: loader.release)


def crashes(answer: WheelAnswer) -> bool:
    """Tell whether opening a file of the wheel ended the process."""
    return any(one.outcome is Outcome.CRASHED for one in answer.answers.values())


@pytest.mark.parametrize("row", PACKED, ids=lambda row: row.wheel.file)
def test_a_real_wheel_crashes_as_it_is_published(row: CorpusRow, tmp_path: Path, miss: Miss) -> None:
    """On every release before 1.2.4, and on none after."""
    if not row.path.exists():
        miss("corpus")
    found = installed(row.path, row.arch, tmp_path)

    answers = {one.release: ask_wheel(one, tmp_path, found, is_ours=False) for one in loaders_of(row.arch, miss)}

    assert {release for release, one in answers.items() if not one.loads} == {
        release for release in answers if release < FIRST
    }
    assert all(crashes(one) for release, one in answers.items() if release < FIRST)


@pytest.mark.parametrize("row", PACKED, ids=lambda row: row.wheel.file)
def test_a_real_wheel_loads_from_the_floor_once_it_is_repaired(
    row: CorpusRow, tmp_path: Path, miss: Miss, tally: Tally
) -> None:
    """Our judge says so, and so does each loader, constructors running: none of them crashes any more."""
    if not row.path.exists():
        miss("corpus")
    loaders = loaders_of(row.arch, miss)
    answer = repaired(row.path, tmp_path / "out")
    assert answer.returncode == 0, answer.stderr
    (result,) = (tmp_path / "out").iterdir()
    verdict = judge(read_facts(str(result)), load_catalog())
    loads_on = {str(release) for release in verdict.verdict.loads_on}
    found = installed(result, row.arch, tmp_path / "prefix")

    answers = {loader.release: ask_wheel(loader, tmp_path / "prefix", found, is_ours=False) for loader in loaders}

    agreed = [release for release, one in answers.items() if one.loads == (release in loads_on)]
    tally("repaired wheels of the corpus, musl's loaders", len(answers), len(agreed))
    assert [claim.kept for claim in verdict.claims if claim.series] == [True]
    assert sorted(answers) == agreed
    assert all(one.loads for one in answers.values())
    assert not any(map(crashes, answers.values()))
