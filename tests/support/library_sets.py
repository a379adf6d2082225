"""
Small sets of libraries made at random, each laid out as a wheel with one or two extension modules.

What varies is what musl's loader decides by: who needs whom, search paths, definitions and references of every kind,
hidden versions, TLS, relocations, names of libc. Most choices are harmless, so that about half of the sets load.
"""

import zipfile
from dataclasses import replace
from pathlib import Path
from random import Random

from tests.support.elfwriter import Definition, Library, Reference, write_library
from tests.support.machines import MACHINES

TRIPLETS = {"i686": "i386", "armv7l": "arm", "ppc64le": "powerpc64le"}
SYMBOLS = tuple(f"symbol_{letter}" for letter in "abcdefghij")
TLS_SYMBOLS = ("tls_a", "tls_b")
LIBRARIES = ("libone.so", "libtwo.so.2", "libthree-1a2b3c.so.3", "libm-4d5e6f.so", "libc-7a8b9c.so.1")
DIRECTORIES = ("gen.libs",) * 8 + ("gen", "gen/sub")
# In every musl; in some; in glibc alone; Python's and zlib's; under names that the loader maps.
LIBC_SYMBOLS = ("malloc", "pthread_create", "qsort_r", "statx", "preadv2", "gettid", "mallinfo", "__fprintf_chk")
OTHER_SYMBOLS = ("PyLong_FromLong", "_Py_Dealloc", "Py_None", "open64", "inflate", "posix_fallocate64", "argp_parse")
SYSTEM_NAMES = ("libc.so", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libutil.so.1", "libxnet.so.9")
HOPELESS_NAMES = ("libmissing.so.1", "libresolv.so.2", "libc", "libpthread", "ld-linux-x86-64.so.2", "libcrypt.so.1")
GOOD_PATHS = (
    "$ORIGIN/../gen.libs",
    "${ORIGIN}/../gen.libs",
    "/nonexistent:$ORIGIN/../gen.libs",
    "::$ORIGIN/../gen.libs:",
    "$ORIGIN/./..//gen.libs/",
    "$ORIGIN/../gen/../gen.libs",
    "$ORIGIN:$ORIGIN/../gen.libs:$ORIGIN/../gen",
    "$ORIGIN/../gen.libs:$ORIGIN/../gen/sub:$ORIGIN/sub",
    "$ORIGIN/../gen.libs:$ORIGIN/../../gen.libs:$ORIGIN/../gen:$ORIGIN",
)
BAD_PATHS = (
    "$ORIGIN/../gen.libs:$LIB",
    "$PLATFORM/x:$ORIGIN/../gen.libs",
    "$ORIGIN/missing/../../gen.libs",
    "$ORIGINAL/../gen.libs",
    "$ORIGIN.libs",
    "$ORIGIN/../GEN.libs",
    "",
)


def library_set(random: Random, arch: str) -> dict[str, Library]:
    """Return libraries by their path in the wheel."""
    names = random.sample(LIBRARIES, random.randint(0, 4))
    paths = [f"{random.choice(DIRECTORIES)}/{name}" for name in names]
    if names and _chance(random, 0.1):
        paths.append(f"gen/sub/{names[0]}")  # the same name twice: the search path decides
    suffix = f"cpython-312-{TRIPLETS.get(arch, arch)}-linux-musl{'eabihf' if arch == 'armv7l' else ''}.so"
    second = random.choice(("gen", "gen", "gen/sub"))
    modules = [f"gen/_one.{suffix}", f"{second}/_two.{suffix}"][: random.choice((1, 1, 2))]
    made = {path: _library(random, arch, path, names) for path in dict.fromkeys(paths)}
    if names and _chance(random, 0.15):
        path = random.choice(sorted(made))
        made[path] = _like_libc(random, made[path])
    for module in modules:
        name = f"PyInit_{module.rpartition('/')[2].partition('.')[0]}"
        library = _library(random, arch, module, names)
        made[module] = replace(library, soname=None, definitions=(Definition(name), *library.definitions))
    return made


def write_wheel(libraries: dict[str, Library], arch: str, directory: Path) -> Path:
    """Write *libraries* as a wheel into *directory* and return its path."""
    path = directory / f"gen-1.0-cp312-cp312-musllinux_1_2_{arch}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, library in libraries.items():
            archive.writestr(name, write_library(library))
        archive.writestr("gen-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: gen\nVersion: 1.0\n")
        archive.writestr("gen-1.0.dist-info/WHEEL", f"Wheel-Version: 1.0\nTag: cp312-cp312-musllinux_1_2_{arch}\n")
        archive.writestr("gen-1.0.dist-info/RECORD", "")
    return path


def _like_libc(random: Random, library: Library) -> Library:
    """Return *library* with what musl knows a libc by, or nearly; and what a libc of another release would have."""
    marks = [Definition("__libc_start_main"), Definition("stdin", "object")]
    if _chance(random, 0.3):
        marks[random.randrange(2)] = random.choice(
            (
                Definition("stdin", "object", version="V1", is_hidden=True),
                Definition("stdin", "object", has_value=False),
                Definition("__libc_start_main", "ifunc"),
                Definition("stdout", "object"),
                Definition("stdin", "object", "weak"),
            )
        )
    names = {definition.name for definition in marks}
    others = [definition for definition in library.definitions if definition.name not in names]
    newer = [Definition(name) for name in ("qsort_r", "statx") if name not in {other.name for other in others}]
    found = tuple({one.name: one for one in (*marks, *others, *newer)}.values())
    return replace(library, definitions=found, is_packed=_chance(random, 0.3))


def _chance(random: Random, probability: float) -> bool:
    return random.random() < probability


def _library(random: Random, arch: str, path: str, names: list[str]) -> Library:
    basename = path.rpartition("/")[2]
    needed = random.sample(names, min(len(names), random.choice((0, 1, 1, 2, 2, 4))))
    needed += [random.choice(SYSTEM_NAMES)] if _chance(random, 0.6) else []
    needed += ["libz.so.1"] if _chance(random, 0.1) else []
    needed += [random.choice(HOPELESS_NAMES)] if _chance(random, 0.02) else []
    random.shuffle(needed)
    rpath, runpath = _search_paths(random, is_careful=_chance(random, 0.85))
    library = Library(
        arch,
        soname=random.choice((basename, basename, None, "other.so")),
        needed=tuple(needed),
        rpath=rpath,
        runpath=runpath,
        definitions=_definitions(random),
        references=_references(random, arch),
        hash_tables=random.choice((("gnu",), ("sysv",), ("gnu", "sysv"))),
    )
    return _with_an_obstacle(random, library) if _chance(random, 0.06) else library


def _search_paths(random: Random, *, is_careful: bool) -> tuple[str | None, str | None]:
    good, other = random.choice(GOOD_PATHS), random.choice(GOOD_PATHS + BAD_PATHS)
    paths = ((good, None), (None, good), (None, good), (other, good))
    return random.choice(paths if is_careful else ((None, None), (None, other), (other, None), (good, other)))


def _definitions(random: Random) -> tuple[Definition, ...]:
    found = [_definition(random, name) for name in random.sample(SYMBOLS, random.randint(0, 10))]
    found += [Definition(name, "tls") for name in TLS_SYMBOLS if _chance(random, 0.15)]
    found += [Definition(random.choice(LIBC_SYMBOLS))] if _chance(random, 0.05) else []
    return tuple(found)


def _definition(random: Random, name: str) -> Definition:
    kind = random.choice(("func", "func", "func", "object", "object", "notype", "common"))
    binding = random.choice(("global",) * 6 + ("weak", "weak", "unique"))
    definition = Definition(name, kind, binding, version=random.choice((None, None, "V1", "V2")))
    if not _chance(random, 0.06):
        return definition
    invisible = (
        replace(definition, version="V1", is_hidden=True),
        replace(definition, type="ifunc"),
        replace(definition, has_value=False),
    )
    return random.choice(invisible)


def _references(random: Random, arch: str) -> tuple[Reference, ...]:
    names = random.sample(SYMBOLS, random.choice((0, 0, 0, 0, 1, 1, 2)))
    names += random.sample(LIBC_SYMBOLS[:2] + OTHER_SYMBOLS[:4], random.randint(0, 3))
    names += [random.choice(LIBC_SYMBOLS[2:] + OTHER_SYMBOLS[4:])] if _chance(random, 0.15) else []
    found = [_reference(random, name) for name in names]
    if _chance(random, 0.05):
        use = random.choice(("dtpmod", "dtpmod", "tpoff", "got"))
        kind = random.choice(("tls", "tls", "notype"))
        found.append(Reference(random.choice(TLS_SYMBOLS), (use,), kind, is_weak=_chance(random, 0.3)))
    return tuple(found)


def _reference(random: Random, name: str) -> Reference:
    uses = random.choice((("got",), ("plt",), ("pointer",), ("got", "plt"), ()))
    version = random.choice((None, None, ("libone.so", "V1"), ("libc.so.6", "GLIBC_2.17")))
    kind = random.choice(("notype", "func"))
    return Reference(name, uses, kind, is_weak=_chance(random, 0.35), version=version)


def _with_an_obstacle(random: Random, library: Library) -> Library:
    numbers = MACHINES[library.arch].relocations
    obstacles = (
        replace(library, is_packed=True),
        replace(library, relocation_types=(numbers["irelative"],)),
        replace(library, relocation_types=(250,)),
        replace(library, has_local_initial_exec=True),
        replace(library, has_zero_length_segment=True),
        replace(library, hash_tables=()),
    )
    return random.choice(obstacles)
