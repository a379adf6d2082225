"""
Damage five libraries of four architectures a thousand times each, and ask musl's loaders about every one.

``python -m tools.evidence.damage [COUNT [SEED]]``, from the root of the repository: writes the table in
``docs/explanation/agreement.md``, prints each disagreement, and exits with 1 where the bounds are broken that the
table states. Every library is asked about on musl 1.2.3.
"""

import sys
import tempfile
from collections import Counter
from pathlib import Path
from random import Random

from tests.support.damage import KINDS, LOADS, SUBJECTS, Subject, ask, damaged, disagreement, our_answer, our_report
from tests.support.loaders import Loader, Outcome, all_loaders, what_is_missing

from musl_audit import Catalog, load_catalog

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "agreement.md"
BEGIN, END = "<!-- damage: written by tools/evidence/damage.py -->\n", "<!-- end of damage -->\n"
BOUNDS = {"said to load, refused": 0.0, "said to load, crashes": 1.0, "said not to load, loads": 2.0}  # percent
Row = tuple[str, str, Outcome]  # kind of damage, our answer, the loader's


def campaign(subject: Subject, loader: Loader, count: int, seed: str, catalog: Catalog) -> Counter[Row]:
    """Return how often each combination of answers came; print the disagreements."""
    random = Random(f"{seed} {subject.name}")  # noqa: S311 - variety, not secrecy
    images = (damaged(subject.data, random) for _ in range(count))
    found: Counter[Row] = Counter()
    with tempfile.TemporaryDirectory() as scratch:
        for image, answer in ask(loader, Path(scratch), images):
            ours = our_answer(our_report(image.data, subject.arch, catalog), loader.release)
            found[image.kind, ours, answer.outcome] += 1
            if said := disagreement(ours, answer):
                print(f"{subject.name}: {said}: {image.what} {answer.text[:80]}")
    return found


def table(found: Counter[Row], seed: str) -> str:
    """Return the answers as a table, and what is wrong with ours below it."""
    lines = [
        f"Seed {seed}, {found.total():,} damaged libraries, musl 1.2.3:",
        "",
        "| damage | we say | loads | refused | crashes |",
        "|---|---|--:|--:|--:|",
    ]
    for kind in KINDS:
        for ours in sorted({ours for _, ours, _ in found}, reverse=True):
            counts = [found[kind, ours, outcome] for outcome in (Outcome.OK, Outcome.REFUSED, Outcome.CRASHED)]
            lines.append(f"| {kind} | {ours} | " + " | ".join(map(str, counts)) + " |")
    lines += [
        "",
        *(f"* {said}: {count} ({share:.2f} %, at most {most} %)" for said, count, share, most in wrong(found)),
    ]
    return "\n".join(lines) + "\n"


def wrong(found: Counter[Row]) -> list[tuple[str, int, float, float]]:
    """Return each way to be wrong, how often it came, in percent of all, and the bound."""
    counts = {
        "said to load, refused": sum(found[kind, LOADS, Outcome.REFUSED] for kind in KINDS),
        "said to load, crashes": sum(
            found[kind, LOADS, outcome] for kind in KINDS for outcome in (Outcome.CRASHED, Outcome.TIMEOUT)
        ),
        "said not to load, loads": sum(
            count for (_, ours, outcome), count in found.items() if ours != LOADS and outcome is Outcome.OK
        ),
    }
    return [(said, count, 100 * count / found.total(), BOUNDS[said]) for said, count in counts.items()]


def main() -> int:
    """Run the campaign, write the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    seed = sys.argv[2] if len(sys.argv) > 2 else "1"
    catalog = load_catalog()
    found: Counter[Row] = Counter()
    for subject in SUBJECTS:
        loader = next(one for one in all_loaders() if (one.arch, one.release) == (subject.arch, "1.2.3"))
        if need := what_is_missing(loader):
            sys.exit(f"{loader} cannot be asked here for want of {need}")
        found += campaign(subject, loader, count, seed, catalog)
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    print(table(found, seed), end="")
    if seed == "1" and count >= 1000:
        PAGE.write_text(
            before + BEGIN + "\n" + table(found, seed) + "\n" + END + rest.partition(END)[2], encoding="utf-8"
        )
    return 1 if any(share > most for _, _, share, most in wrong(found)) else 0


if __name__ == "__main__":
    sys.exit(main())
