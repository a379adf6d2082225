"""
Fuzz a reader with atheris, which is guided by the lines that an input reaches: ``make fuzz``.

``python -m tests.fuzz.run elf|tls|archive|compressed|record|sbom DIRECTORY [OPTION OF LIBFUZZER]…``: the inputs that
reached something new are
kept in DIRECTORY, which real files begin; one that found something is written there as ``found-…``. It belongs into
``tests/fuzz/findings/elf`` or ``archive``, where it is a test from then on.
"""

import bz2
import lzma
import sys
import zipfile
import zlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["musl_audit"]):
    from tests.fuzz.targets import NEW_SBOM, TARGETS

LARGEST_SEED = 32 << 10  # bytes: what is larger is fuzzed more slowly, and has no more structure
WHEELS = Path(__file__).resolve().parents[2] / "testwheels" / "wheels"


def seeds(target: str) -> Iterator[bytes]:
    """Yield real files to begin with: the test wheels, or the ELF files in them."""
    from tests.support.elves import distinct_elves

    if target in ("elf", "tls"):
        yield from (data for _, data in distinct_elves())
    elif target == "archive":
        yield from (path.read_bytes() for path in sorted(WHEELS.glob("*.whl")))
    elif target == "compressed":
        yield from (bytes([at]) + made for at, made in enumerate(compressed_by_each(b"\x7fELF and more " * 50)))
    elif target == "record":
        yield from (archive_record(path) for path in sorted(WHEELS.glob("*.whl"))[:20])
    else:
        yield NEW_SBOM


def compressed_by_each(data: bytes) -> Iterator[bytes]:
    """Yield *data* as members of archives hold it: deflated, in bzip2, in LZMA with its header."""
    yield zlib.compress(data)[2:-4]
    yield bz2.compress(data)
    alone = lzma.compress(data, lzma.FORMAT_ALONE)
    yield b"\x09\x14\x05\x00" + alone[:5] + alone[13:]


def archive_record(path: Path) -> bytes:
    """Return the RECORD of the wheel at *path*, empty where there is none."""
    try:
        with zipfile.ZipFile(path) as opened:
            return next((opened.read(name) for name in opened.namelist() if name.endswith("/RECORD")), b"")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return b""


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
