"""
Fuzz a reader with atheris, which is guided by the lines that an input reaches: ``make fuzz``.

``python -m tests.fuzz.run elf|tls|archive DIRECTORY [OPTION OF LIBFUZZER]…``: the inputs that reached something new are
kept in DIRECTORY, which real files begin; one that found something is written there as ``found-…``. It belongs into
``tests/fuzz/findings/elf`` or ``archive``, where it is a test from then on.
"""

import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["musl_audit"]):
    from tests.fuzz.targets import TARGETS

LARGEST_SEED = 32 << 10  # bytes: what is larger is fuzzed more slowly, and has no more structure
WHEELS = Path(__file__).resolve().parents[2] / "testwheels" / "wheels"


def seeds(target: str) -> Iterator[bytes]:
    """Yield real files to begin with: the test wheels, or the ELF files in them."""
    from tests.support.elves import distinct_elves

    if target in ("elf", "tls"):
        yield from (data for _, data in distinct_elves())
    else:
        yield from (path.read_bytes() for path in sorted(WHEELS.glob("*.whl")))


def main() -> None:
    """Fuzz what the command line names, for as long as it says."""
    target, directory = sys.argv[1], Path(sys.argv[2])
    directory.mkdir(parents=True, exist_ok=True)
    for seed in seeds(target):
        if len(seed) <= LARGEST_SEED:
            (directory / sha256(seed).hexdigest()[:16]).write_bytes(seed)
    bounds = [f"-max_len={LARGEST_SEED}", "-timeout=10", "-rss_limit_mb=1024", f"-artifact_prefix={directory}/found-"]
    atheris.Setup([sys.argv[0], str(directory), *bounds, *sys.argv[3:]], TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
