"""
Build ``ask-ARCH`` out of ``ask.c`` for each architecture that a loader can be asked on.

Run with the environment of the test wheels: ``.cache/testwheels/bin/python tests/loader/asker/build.py`` (after
``make testwheels``); ``ziglang`` brings the compiler and musl's start files.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
TARGETS = {
    "x86_64": "x86_64-linux-musl",
    "i686": "x86-linux-musl",
    "aarch64": "aarch64-linux-musl",
    "armv7l": "arm-linux-musleabihf",
    "ppc64le": "powerpc64le-linux-musl",
    "s390x": "s390x-linux-musl",
    "riscv64": "riscv64-linux-musl",
}
# Dynamic, since the loader is what is asked; no packed relocations and no symbol that an old musl lacks.
OPTIONS = ("-Os", "-s", "-fPIE", "-pie", "-dynamic", "-Wl,--build-id=none", "-Wl,-z,max-page-size=65536")


def main() -> None:
    """Build them all."""
    for arch, target in TARGETS.items():
        command = [sys.executable, "-m", "ziglang", "cc", "-target", target, *OPTIONS]
        subprocess.run([*command, "-o", HERE / f"ask-{arch}", HERE / "ask.c"], check=True)


if __name__ == "__main__":
    main()
