"""What musl-audit is for, in four commands on real wheels: `make demo`."""

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

WHEELS = Path("testwheels/wheels")
TAIL = "1.0-cp312-cp312-musllinux_1_2_x86_64.whl"
CLEAN, PACKED, NEWER = (f"{name}-{TAIL}" for name in ("clean_x86_64", "packed_relocations_x86_64", "missing_qsort_r"))


def step(words: str, directory: Path, *arguments: str) -> None:
    """Say what comes, run it as a person would in *directory*, and say what a script would see."""
    print(f"\n# {words}\n$ musl-audit {' '.join(arguments)}", flush=True)
    done = subprocess.run([sys.executable, "-m", "musl_audit", *arguments], cwd=directory, check=False)
    print(f"(exit code {done.returncode})", flush=True)


def main() -> None:
    """Show a wheel, check several, repair one, check it again."""
    with TemporaryDirectory() as name:
        here = Path(name)
        (here / "dist").mkdir()
        for wheel in (CLEAN, PACKED, NEWER):
            shutil.copy(WHEELS / wheel, here / "dist")
        step("Which musl can load this wheel? Not every one that its tag promises:", here, "show", f"dist/{PACKED}")
        step("The same as a gate for CI, a line per finding and an exit code:", here, "check", "dist")
        step("What can be mended is mended:", here, "repair", "-w", "wheelhouse", f"dist/{PACKED}")
        step("The result, judged like any other wheel:", here, "check", "wheelhouse")


if __name__ == "__main__":
    main()
