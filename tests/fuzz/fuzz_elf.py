"""
Damage real ELF files for as long as asked, and stop at the first that the reader neither reads nor refuses properly.

``python -m tests.fuzz.fuzz_elf [SECONDS] [SEED]``: every case follows from its number, which is printed where it fails.
Work is bounded as well: a case that executes more lines than its size allows is a failure too.
"""

import random
import sys
import time
from collections import Counter

from tests.support.elves import distinct_elves
from tests.support.mutations import mutated
from tests.support.work import lines_executed

from musl_audit.elf import read_elf
from musl_audit.errors import ElfError

LINES_PER_BYTE, LINES_OF_ANY_FILE = 12, 20_000
TRACED = 20  # one case in so many is counted, as counting is slow


def fuzz(seconds: float, seed: int) -> Counter[str]:
    """Return how many damaged files were read and refused; raise what is not ``ElfError``, with the case's number."""
    files = [data for _, data in distinct_elves()]
    outcomes: Counter[str] = Counter()
    deadline = time.monotonic() + seconds
    for number in range(seed, sys.maxsize):
        if time.monotonic() > deadline:
            break
        outcomes[attempt(number, files)] += 1
    return outcomes


def attempt(number: int, files: list[bytes]) -> str:
    """Return ``read`` or ``refused`` for case *number*, damaged up to three times over."""
    source = random.Random(number)  # noqa: S311 - no secret
    data = source.choice(files)
    for _ in range(source.randint(1, 3)):
        data = mutated(data, source) or data
    try:
        if number % TRACED == 0:
            check_work(data)
        read_elf(data, "x")
    except ElfError:
        return "refused"
    except BaseException as error:
        error.add_note(f"case {number}")
        raise
    return "read"


def check_work(data: bytes) -> None:
    """Raise ``RuntimeError`` if reading *data* takes more work than its size allows."""
    lines = lines_executed(lambda: read_elf(data, "x"), ElfError)
    if lines > LINES_PER_BYTE * len(data) + LINES_OF_ANY_FILE:
        raise RuntimeError(f"{lines} lines for {len(data)} bytes")


if __name__ == "__main__":
    arguments = [float(argument) for argument in sys.argv[1:]]
    found = fuzz(arguments[0] if arguments else 10, int(arguments[1]) if len(arguments) > 1 else 0)
    sys.stdout.write(f"{dict(found)}\n")
