"""
Build what the repair tests repair: ``.cache/testwheels/bin/python -m tests.repair_inputs.build`` (``make testwheels``).

For each architecture a wheel as a build frontend leaves it, tagged ``linux_ARCH``, and the libraries that it was
linked with, ``ARCH/``: four of them, three deep, one of them needed on two ways. ``libinner.so.3`` has packed
relocations, as libraries of Alpine have since 3.18.
"""

import tempfile
from pathlib import Path

from testwheels.assemble import wheel_bytes
from testwheels.case import Case, Content, Elf, Stub
from testwheels.parts import ARCHES, TARGETS, suffix
from testwheels.toolchain import Workshop

HERE = Path(__file__).parent
PACKED = ("--pack-dyn-relocs=relr",)
NO_PACKED = ("loongarch64",)  # its first musl applies them
OUTER = Stub("libouter.so.1", ("outer",))


def libraries(arch: str) -> dict[str, Elf]:
    """Return the libraries of the sysroot by file name."""
    libc = TARGETS[arch].libc
    inner = Stub("libinner.so.3", ("inner",))
    needs = {
        "libinner.so.3": ("inner.c", (libc,), None),
        "libmiddle.so.2.1": ("middle.c", (inner, libc), "/usr/lib/inside"),
        "libside.so": ("side.c", (inner, libc), "$ORIGIN/inside"),
        "libouter.so.1.2": (
            "outer.c",
            (Stub("libmiddle.so.2", ("middle",)), Stub("libside.so", ("side",)), libc),
            None,
        ),
    }
    return {
        name: Elf(
            name,
            (_source(source),),
            arch=arch,
            needed=needed,
            soname=".".join(name.split(".")[:3]),
            rpath=rpath,
            link_flags=PACKED if name == "libinner.so.3" and arch not in NO_PACKED else (),
        )
        for name, (source, needed, rpath) in needs.items()
    }


def members(arch: str) -> list[Elf]:
    """Return the binaries of the wheel."""
    extension = Elf(
        f"graftee/_graftee{suffix(arch, '311')}",
        ("module.c", _source("probe.c")),
        arch=arch,
        needed=(OUTER, TARGETS[arch].libc),
        rpath="/build/lib",
        compile_flags=("-DMODULE=_graftee",),
    )
    if arch != "x86_64":
        return [extension]
    libc = Stub(TARGETS[arch].libc, ("__libc_start_main", "printf"))  # under Alpine's name, not the driver's
    tool = Elf(
        "graftee-1.0.data/scripts/graftee",
        (_source("tool.c"),),
        maker="gnu",
        form="executable",
        needed=(OUTER, libc),
        link_flags=("-nodefaultlibs",),
    )
    return [extension, tool]


def single() -> Elf:
    """Return an extension module that needs one library alone: what the benchmark grafts."""
    libc = TARGETS["x86_64"].libc
    return Elf(
        f"single/_single{suffix('x86_64', '311')}",
        ("module.c", _source("probe.c")),
        needed=(Stub("libinner.so.3", ("inner",)), libc),
        compile_flags=("-DMODULE=_single", "-Douter=inner"),
    )


def throwing() -> Elf:
    """Return an extension module in C++; the runtime that it needs comes from a wheel of others."""
    return Elf(
        f"thrower/_thrower{suffix('x86_64', '311')}",
        ("module.c", _source("throws.cc")),
        maker="glibc",  # the one compiler that has headers of libstdc++; nothing in the object tells its libc
        needed=(Stub("libstdc++.so.6"), Stub("libgcc_s.so.1"), TARGETS["x86_64"].libc),
        compile_flags=("-DMODULE=_thrower", "-U_FORTIFY_SOURCE"),
        link_flags=("-nostdlib", "-Wl,--no-as-needed"),
    )


def main() -> None:
    """Build them all."""
    with tempfile.TemporaryDirectory() as scratch:
        workshop = Workshop(Path(scratch))
        for arch in ARCHES:
            directory = HERE / arch
            directory.mkdir(exist_ok=True)
            for name, elf in libraries(arch).items():
                (directory / name).write_bytes(workshop.build(elf, "graftee"))
            _write_wheel("graftee", arch, members(arch), workshop)
        _write_wheel("single", "x86_64", [single()], workshop)
        _write_wheel("thrower", "x86_64", [throwing()], workshop)


def _write_wheel(name: str, arch: str, elves: list[Elf], workshop: Workshop) -> None:
    case = Case(name, "what the repair tests repair", tags=f"cp311-cp311-linux_{arch}")
    contents: list[Content] = [(elf.path, workshop.build(elf, name), 0o100755) for elf in elves]
    contents.append((f"{name}/__init__.py", f"from {name}._{name} import probe\n".encode(), 0o100644))
    (HERE / arch / case.wheel).write_bytes(wheel_bytes(case, contents))


def _source(name: str) -> str:
    return str(HERE / "src" / name)


if __name__ == "__main__":
    main()
