"""
Measure how facts are judged again: a part of ``make bench``, and by itself against another commit in one run.

``python -m tools.speed.bench_facts --before OTHER/.venv/bin/python`` compares with the musl-audit that is installed
there; each reads the documents that it wrote itself, a thousand of them, of the wheels of the corpus over and over.
"""

import argparse
import sys
import tempfile
from functools import partial
from pathlib import Path

from tools.speed.costs import CORPUS, Cost, best_of, in_turns, run, run_beside

DOCUMENTS = 1000
COMMAND = ("-c", "from musl_audit.cli import command; command()")
# What a process takes to read the documents, and to do all of it but that; by the names that a commit has for it.
DECODE = """\
import gc, json, sys
try:
    from musl_audit.wheel.facts_document import facts_from_json
except ImportError:  # before msgspec
    from musl_audit.facts_json import facts_from_json as of_object
    facts_from_json = lambda line: of_object(json.loads(line))
gc.disable()
for line in open(sys.argv[1], "rb"):
    if sys.argv[2] == "read":
        facts_from_json(line)
"""


def decoded(python: Path, folder: Path, turns: int) -> float:
    """Return the CPU seconds in which the musl-audit of *python* reads the documents that it wrote."""
    documents = written(python, folder)
    ask = {what: partial(run, [python, "-c", DECODE, documents, what], must_work=True) for what in ("read", "not")}
    best = best_of(in_turns(ask, turns))
    return best["read"].cpu - best["not"].cpu


def written(python: Path, folder: Path) -> Path:
    """Return a file of facts that the musl-audit of *python* wrote."""
    one, many = folder / "one.jsonl", folder / "many.jsonl"
    wheels = sorted(CORPUS.glob("*.whl"))
    run([python, *COMMAND, "show", "--facts", "--output", one, *wheels], must_work=True)
    lines = one.read_bytes().splitlines(keepends=True)
    with many.open("wb") as file:
        for number in range(DOCUMENTS):
            file.write(lines[number % len(lines)])
    return many


def judged(python: Path, folder: Path, turns: int) -> tuple[dict[str, Cost], float]:
    """
    Return what judging the documents costs the musl-audit of *python*, by the number of jobs; ``first``: one document.

    The second is how many seconds two processes take that judge all of them each: what two cores are worth.
    """
    documents, one = written(python, folder), folder / "first.jsonl"
    with documents.open("rb") as file:
        one.write_bytes(file.readline())
    command: list[str | Path] = [python, *COMMAND, "check", "--json", "--jobs"]
    ways = {jobs: partial(run, [*command, jobs, "--from-facts", documents]) for jobs in ("1", "2")}
    costs = in_turns({**ways, "first": partial(run, [*command, "1", "--from-facts", one])}, turns)
    return best_of(costs), min(run_beside([*command, "1", "--from-facts", documents]) for _ in range(turns))


def section(python: Path, turns: int, before: Path | None = None) -> str:
    """Return the rows of the table of figures."""
    with tempfile.TemporaryDirectory() as scratch:
        ours, beside = judged(python, Path(scratch), turns)
        theirs = judged(before, Path(scratch), turns)[0] if before else None
        decoding = decoded(python, Path(scratch), turns) / decoded(before, Path(scratch), turns) if before else None
    one, two = ours["1"], ours["2"]
    text = (
        f"| `check --from-facts` of {DOCUMENTS:,} documents, CPU with one job | | {one.cpu:.2f} s |\n"
        f"| the same with `--jobs 2`, by the clock | at least 1.8 times as fast | **{one.wall / two.wall:.2f}** "
        f"({one.wall:.2f} s, {two.wall:.2f} s; two separate processes: {2 * one.wall / beside:.2f}) |\n"
    )
    if theirs and decoding:
        bulk = (one.cpu - ours["first"].cpu) / (theirs["1"].cpu - theirs["first"].cpu)
        text += (
            f"| the same with one job, over the commit before | at most 1/2 | **{one.cpu / theirs['1'].cpu:.2f}** |\n"
            f"| the same of a document more, from facts to JSON | at most 1/4 | **{bulk:.2f}** |\n"
            f"| CPU of decoding the documents, over the commit before | at most 1/4 | **{decoding:.2f}** |\n"
        )
    return text


def main() -> int:
    """Measure, and print the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--before", type=Path, metavar="PYTHON")
    options = parser.parse_args()
    print(section(Path(sys.executable), options.turns, options.before))
    return 0


if __name__ == "__main__":
    sys.exit(main())
