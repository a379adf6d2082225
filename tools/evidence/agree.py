"""
Compare our answers with those that musl's real loaders gave about the wheels of the corpus.

For each wheel, the releases on which we say that all of it loads must be those that ``tools/data/corpus.csv`` records.
Run after ``make corpus``, from the root of the repository: ``python -m tools.evidence.agree``; exits with 1 on any
disagreement. With ``--ask`` the loaders that can run here are asked again, to see that the record is right.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.support.installed_wheels import ask_wheel, installed
from tests.support.loaders import available_loaders
from tools.evidence.corpus import CorpusRow, read_corpus

from musl_audit import judge, load_catalog, read_facts
from musl_audit.policy import Catalog

RECORDED = ("1.1.24", "1.2.0", "1.2.1", "1.2.2", "1.2.3", "1.2.4", "1.2.5", "1.2.6")


def cause(row: CorpusRow) -> str:
    """Return in a few words what the loaders had against the wheel, or what it is."""
    if row.is_static:
        return "static program"
    if not row.why:
        return "nothing in the way"
    causes = []
    if "DT_RELR:" in row.why:
        causes.append("packed relocations")
    if "64>=1.2.0" in row.why:
        causes.append("time64")
    if "never:" in row.why:
        causes.append("symbol in no musl")
    if "qsort_r" in row.why or "pthread_getname_np" in row.why:
        causes.append("symbol of 1.2.3")
    return " and ".join(causes)


def our_answer(row: CorpusRow, catalog: Catalog) -> tuple[str, ...]:
    """Return the recorded releases on which we say that the wheel loads."""
    loads_on = {str(release) for release in judge(read_facts(str(row.path)), catalog).verdict.loads_on}
    return tuple(release for release in RECORDED if release in loads_on)


def asked_again(row: CorpusRow) -> Iterator[tuple[str, bool]]:
    """Yield each release whose loader can run here, and whether it loads the wheel."""
    loaders = [loader for loader in available_loaders() if loader.arch == row.arch]
    with tempfile.TemporaryDirectory() as folder:
        found = installed(row.path, row.arch, Path(folder)) if loaders else []
        for loader in loaders:
            yield loader.release, ask_wheel(loader, Path(folder), found, is_ours=False).loads


def ask(rows: tuple[CorpusRow, ...]) -> int:
    """Ask about all rows; return how many answers are not the recorded ones."""
    answers = [(row, release, loads) for row in rows for release, loads in asked_again(row)]
    wrong = [(row, release, loads) for row, release, loads in answers if loads != (release in row.loads_on)]
    for row, release, loads in wrong:
        print(f"{row.wheel.file} on {release}: recorded {release in row.loads_on}, seen {loads}")
    print(f"{len(answers) - len(wrong)} of {len(answers)} answers of the loaders here are the recorded ones")
    return len(wrong)


def main() -> int:
    """Compare all rows."""
    catalog = load_catalog()
    rows = read_corpus()
    absent = [row.wheel.file for row in rows if not row.path.exists()]
    if absent:
        print(f"{len(absent)} of {len(rows)} wheels are not there, first {absent[0]}; run `make corpus`")
        return 1
    agreed: Counter[str] = Counter()
    disagreements = []
    for row in rows:
        ours = our_answer(row, catalog)
        if ours == row.loads_on:
            agreed[cause(row)] += 1
        else:
            disagreements.append(f"{row.wheel.file} ({cause(row)})\n  loaders: {row.loads_on}\n  we:      {ours}")
    for name, count in agreed.most_common():
        print(f"{count:5}  {name}")
    print(*disagreements, sep="\n", end="\n" if disagreements else "")
    print(f"{agreed.total()} of {len(rows)} wheels agree on {len(RECORDED)} releases, {len(disagreements)} disagree")
    wrong = ask(rows) if "--ask" in sys.argv[1:] else 0
    return 1 if disagreements or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
