"""
Build ``aarch64.zip``: what the tests of rewritten accesses run under emulation.

Run with the environment of the test wheels, ``.cache/testwheels/bin/python -m tests.thread_locals.build`` (after
``make testwheels``): ``ziglang`` brings clang and musl's start files. ``aarch64-linux-gnu-gcc`` is Debian's package
``gcc-aarch64-linux-gnu``; the libraries need nothing of its C library.
"""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from tests.thread_locals.assembly import source

HERE = Path(__file__).parent
GCC = ("aarch64-linux-gnu-gcc",)
ZIG = (sys.executable, "-m", "ziglang", "cc", "-target", "aarch64-linux-musl")
PROGRAM = ("-O1", "-dynamic", "-fPIE", "-pie", "-s", "-Wl,--build-id=none", "-Wl,-z,max-page-size=65536")
LIBRARY = ("-shared", "-fPIC", "-nostdlib", "-Wl,--build-id=none")
EXPORTED = ("-DLINKAGE=",)
LIBRARIES = {
    **{f"gcc{level}.so": (*GCC, *LIBRARY, level) for level in ("-O0", "-O1", "-O2", "-O3", "-Os")},
    "gcc-no-plt.so": (*GCC, *LIBRARY, "-O2", "-fno-plt", "-Wl,-z,now"),
    "gcc-small-pages.so": (*GCC, *LIBRARY, "-O2", "-Wl,-z,max-page-size=4096", "-Wl,-z,separate-code"),
    "gcc-exported.so": (*GCC, *LIBRARY, "-O2", *EXPORTED),
    **{
        f"clang{level}.so": (*ZIG, *LIBRARY, level, "-s", "-fno-sanitize=all", "-Wl,-z,max-page-size=65536")
        for level in ("-O0", "-O1", "-O2", "-O3", "-Os")
    },
}


def main() -> None:
    """Build them all."""
    with tempfile.TemporaryDirectory() as directory, zipfile.ZipFile(HERE / "aarch64.zip", "w") as archive:
        assembly = Path(directory, "probes.s")
        assembly.write_text(source("aarch64"), encoding="utf-8")
        commands: dict[str, tuple[str | Path, ...]] = {
            "host": (*ZIG, *PROGRAM, HERE / "host.c"),
            "probe": (*ZIG, *PROGRAM, HERE / "probe.c"),
            "probes.so": (*GCC, *LIBRARY, "-O1", HERE / "probed.c", assembly),
            **{name: (*command, HERE / "variables.c") for name, command in LIBRARIES.items()},
        }
        for name, command in commands.items():
            output = Path(directory, name)
            subprocess.run([*command, "-o", output], check=True)
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, output.read_bytes())


if __name__ == "__main__":
    main()
