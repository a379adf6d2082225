"""
Make a wheel keep the promise of its tag: graft libraries, unpack relocations, set search paths and tags.

What was repaired is judged as `check` does before it appears in the output directory; a wheel that is fine is copied
there as it is. Wheels for glibc are handed to auditwheel.

for example:
  musl-audit repair --wheel-dir wheelhouse dist/*.whl

exit code:
  0  a wheel that keeps its promise was written for each; with --warn: the best there is
  1  a wheel cannot keep its promise: nothing was written for it
  2  wrong usage
  4  a wheel could not be repaired to the end
"""

import os
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from musl_audit.cli import arguments
from musl_audit.cli.audit_run import limits_of
from musl_audit.cli.settings import settings_of
from musl_audit.errors import MuslAuditError, UsageError
from musl_audit.judging.claims import check_floor
from musl_audit.model import Failure, Skip
from musl_audit.policy import Catalog

if TYPE_CHECKING:
    from musl_audit.workflows.repairing import Searching


def add_arguments(parser: ArgumentParser) -> None:
    """Add what this command can be asked."""
    arguments.add_wheels(parser)
    _add_target(parser)
    _add_libraries(parser)
    _add_fixes(parser)
    arguments.add_policy(parser)
    parser.set_defaults(select=None, ignore=None, fail_on=None)  # a repair keeps the promise or does not
    reading = arguments.add_limits(parser)
    arguments.add_jobs(reading)
    group = parser.add_argument_group("output")
    group.add_argument("--json", action="store_true", help="write the result as JSON")
    group.add_argument("-q", "--quiet", action="store_true", help="write nothing about what was done")
    arguments.add_color(group)
    arguments.add_verbose(group, "tell what the search for libraries passed over, and why")


def _add_target(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("target")
    group.add_argument("-w", "--wheel-dir", metavar="DIR", default="wheelhouse/", help="default: wheelhouse/")
    group.add_argument("--in-place", action="store_true", help="allow the directory of the wheels themselves")
    group.add_argument(
        "--plat",
        metavar="TAG",
        default="auto",
        help="auto (default: the wheel's own musl series, else AUDITWHEEL_PLAT, else the newest), "
        "musllinux_1_2, musllinux_1_2_ARCH, or linux_ARCH: graft and keep the tags",
    )
    group.add_argument("--only-plat", action="store_true", help="give the wheel this platform tag alone")
    group.add_argument("--no-update-tags", action="store_true", help="leave file name and WHEEL as they are")
    group.add_argument("--build-tag", metavar="TAG", help="give the wheel this build tag, such as 1musl")
    group.add_argument("--dry-run", action="store_true", help="show the plan, and write nothing")
    group.add_argument(
        "-z",
        "--zip-compression-level",
        type=arguments.compression_level,
        metavar="LEVEL",
        default=arguments.from_environment("AUDITWHEEL_ZIP_COMPRESSION_LEVEL", arguments.compression_level),
        help="0 to 9; default: AUDITWHEEL_ZIP_COMPRESSION_LEVEL, else 6",
    )
    group.add_argument("--no-delegate", action="store_true", help="refuse wheels for glibc, do not run auditwheel")
    group.add_argument("--allow-pure-python-wheel", action="store_true", help="copy wheels without binaries")


def _add_libraries(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("libraries")
    group.add_argument("--sysroot", metavar="DIR", help="take libraries from the system unpacked in DIR")
    group.add_argument("--ldpaths", metavar="DIRS", help="search these directories (a:b) and no others")
    group.add_argument(
        "--include",
        metavar="LIB",
        action="append",
        default=[],
        help="copy this library, by soname or path, too: one that is opened by path (repeatable)",
    )
    group.add_argument(
        "--ignore-missing-dependencies", action="store_true", help="leave what is not found to the user, with a warning"
    )
    group.add_argument(
        "-L",
        "--lib-sdir",
        metavar="SUFFIX",
        default=".libs",
        help="names their directory, after the package; default: .libs",
    )
    group.add_argument(
        "--strip",
        type=arguments.one_of(("unneeded", "debug", "all")),
        metavar="LEVEL",
        help="strip all binaries: --strip of what no loader needs, --strip=debug of debugging symbols, --strip=all",
    )
    group.add_argument("--disable-isa-ext-check", action="store_true", help="accept binaries above the ISA's baseline")


def _add_fixes(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("mending")
    group.add_argument("--warn", action="store_true", help="write the best there is, even if it breaks the promise")
    group.add_argument("--no-fix", action="store_true", help="graft and tag only")
    group.add_argument(
        "--patcher",
        type=arguments.patcher,
        metavar="PATCHER",
        default=arguments.from_environment("AUDITWHEEL_PATCHER", arguments.patcher),
        help="patchelf (default), or none, which changes no ELF file; default: AUDITWHEEL_PATCHER",
    )
    group.add_argument("--no-fix-tls", action="store_true", help="leave initial-exec TLS as it is")
    group.add_argument("--no-polyfill", action="store_true", help="add no function that a promised musl lacks")
    group.add_argument("--fix-suffix", action="store_true", help="rename extensions for CPython 3.10 and older, too")


def run(options: Namespace) -> int:
    """Repair the wheels, and return the exit code."""
    if sys.platform == "win32":
        raise UsageError("repair needs patchelf and a POSIX system: Linux, macOS, or Linux on Windows (WSL)")
    from musl_audit.adapters.catalogs import load_catalog
    from musl_audit.adapters.writer import check_output_directory
    from musl_audit.cli.repair_run import RepairRun
    from musl_audit.repair.actions import RepairSettings
    from musl_audit.repair.tags import check_plat
    from musl_audit.workflows.repairing import Workshop

    catalog = load_catalog(options.policies)
    settings = settings_of(options)
    check_floor(settings, catalog)
    check_plat(options.plat, catalog)
    directory = Path(options.wheel_dir)
    paths = _wheels(options, directory)
    workshop = Workshop(
        directory=directory,
        catalog=catalog,
        settings=settings,
        repair=RepairSettings(
            plat=options.plat,
            lib_sdir=_lib_sdir(options.lib_sdir),
            only_plat=options.only_plat,
            update_tags=not options.no_update_tags and not options.plat.startswith("linux_"),
            strip=options.strip,
            fix=not options.no_fix,
            patches=options.patcher != "none",
            fix_suffix=options.fix_suffix,
            fix_tls=not options.no_fix_tls,
            polyfill=not options.no_polyfill,
            build_tag=_build_tag(options.build_tag),
            checks_isa=not options.disable_isa_ext_check,
            include=tuple(options.include),
            ignores_missing=options.ignore_missing_dependencies,
        ),
        searching=_searching(options, catalog),
        limits=limits_of(options),
        is_dry_run=options.dry_run,
        is_best_effort=options.warn,
        allows_pure=options.allow_pure_python_wheel,
        compression=6 if options.zip_compression_level is None else options.zip_compression_level,
        image_plat=os.environ.get("AUDITWHEEL_PLAT") or None,
        epoch=_epoch(os.environ.get("SOURCE_DATE_EPOCH")),
    )
    if not options.dry_run:
        check_output_directory(directory)
    return RepairRun(workshop, options).run(paths)


def _wheels(options: Namespace, directory: Path) -> list[Path]:
    """
    Return the wheels; raise ``UsageError`` where one would be written over without being asked to.

    What is not there is no fault of the command line's form: the error ends with 4, as in ``check``.
    """
    from musl_audit.adapters.sources import find_sources
    from musl_audit.adapters.sources.binaries import Binary
    from musl_audit.adapters.sources.files import PASSED_OVER
    from musl_audit.cli.inputs import names_as

    if not options.wheels:
        raise UsageError("no wheel given: name a wheel, a directory of wheels, or a quoted glob")
    with names_as(options.wheels, options):
        inputs = list(find_sources(options.wheels))
    for item in inputs:
        if isinstance(item, Failure):
            raise MuslAuditError(f"{item.path}: {item.message} ({item.code})")
        if isinstance(item, Binary) or (isinstance(item, Skip) and item.reason not in PASSED_OVER):
            raise UsageError(f"{item.path}: not a wheel")
    paths = [Path(item.path) for item in inputs if not isinstance(item, Skip | Failure)]
    names = [path.name for path in paths]
    for path in paths:
        if directory.resolve() in (path.resolve().parent, path.parent.resolve()) and not options.in_place:
            raise UsageError(f"{path} would be written over: choose another --wheel-dir, or say --in-place")
        if names.count(path.name) > 1:
            raise UsageError(f"{path}: there is another wheel of that name, and only one could be written")
    return paths


def _searching(options: Namespace, catalog: Catalog) -> "Searching":
    """Return where libraries are looked for; a relative ``--ldpaths`` means this machine's working directory."""
    from musl_audit.adapters.libraries import split_paths
    from musl_audit.workflows.repairing import Searching

    ours = split_paths(os.environ.get("AUDITWHEEL_LD_LIBRARY_PATH"))
    ldpaths = None
    if options.ldpaths is not None:
        entries = [entry for entry in options.ldpaths.split(os.pathsep) if entry]
        if options.sysroot is not None and not all(entry.startswith("/") for entry in entries):
            raise UsageError(f"--ldpaths {options.ldpaths}: with --sysroot, absolute directories inside it")
        ldpaths = (*ours, *(os.path.abspath(entry) for entry in entries))  # noqa: PTH100  # links are followed later
    system = _system(options.sysroot, catalog)
    is_replaced = ldpaths is not None and options.sysroot is None
    return Searching(
        sysroot=None if is_replaced else system,
        added=(*ours, *split_paths(os.environ.get("LD_LIBRARY_PATH"))),
        ldpaths=ldpaths,
        believes_wheels=system is not None,
    )


def _epoch(text: str | None) -> int | None:
    """Return the seconds that ``SOURCE_DATE_EPOCH`` says, None where it is not set."""
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > len("253402300799"):  # the end of the year 9999
        raise UsageError(f"SOURCE_DATE_EPOCH is no number of seconds since 1970: {text!r}")
    return int(text)


def _system(text: str | None, catalog: Catalog) -> Path | None:
    """Return the system to take libraries from: the one given, else this machine if it is musl's."""
    if text is not None:
        if not Path(text).is_dir():
            raise UsageError(f"--sysroot {text}: no such directory")
        return Path(text)
    from musl_audit.adapters.interpreter.host import read_host
    from musl_audit.adapters.tree import Tree
    from musl_audit.loader.libc_names import Libc

    return Path("/") if read_host(Tree(), catalog).libc is Libc.MUSL else None


def _lib_sdir(text: str) -> str:
    """Return what is appended to the package's name: ``.libs`` beside it, ``/lib`` inside, nothing for itself."""
    parts = [part for part in text.split("/") if part]
    if ".." in parts or not text.isprintable() or "\\" in text:
        raise UsageError(f"--lib-sdir {text!r}: a suffix such as .libs, or a directory of the package such as /lib")
    return ("/" if text.startswith("/") else "") + "/".join(parts)


def _build_tag(text: str | None) -> str | None:
    if text is not None and not (text.isascii() and text.replace("_", "").isalnum() and text[0].isdigit()):
        raise UsageError(f"--build-tag {text!r}: a build tag begins with a digit (PEP 427), such as 1musl")
    return text
