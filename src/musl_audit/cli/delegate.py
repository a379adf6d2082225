"""Wheels that are not musl's: auditwheel repairs them, with the same options, so that one command serves a matrix."""

import subprocess
import sys
from argparse import Namespace
from pathlib import Path

from musl_audit.errors import RepairError


def delegated(path: Path, options: Namespace, directory: Path) -> int:
    """Return the exit code of ``python -m auditwheel repair`` for *path*; raise ``RepairError`` if it cannot run."""
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "auditwheel",
        "repair",
        *arguments(options),
        "--wheel-dir",
        directory,
        path,
    ]
    try:
        return subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode  # noqa: S603  # no shell
    except OSError as error:
        raise RepairError(f"auditwheel cannot be run: {error.strerror}") from error


def arguments(options: Namespace) -> list[str]:
    """Return the options of ours that auditwheel has too."""
    said = ["--plat", options.plat] if options.plat != "auto" else []
    said += ["--lib-sdir", options.lib_sdir]
    for glob in options.exclude or ():
        said += ["--exclude", glob]
    said += ["--only-plat"] if options.only_plat else []
    said += ["--no-update-tags"] if options.no_update_tags else []
    said += ["--strip"] if options.strip else []
    said += ["--disable-isa-ext-check"] if options.disable_isa_ext_check else []
    said += ["--allow-pure-python-wheel"] if options.allow_pure_python_wheel else []
    said += ["--ldpaths", options.ldpaths] if options.ldpaths else []
    said += ["-z", str(options.zip_compression_level)] if options.zip_compression_level is not None else []
    return said
