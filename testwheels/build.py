"""
Build the test wheels and their manifest: ``python -m testwheels.build [CASE…]``.

Needs ``requirements.txt``, musl-gcc, gcc with glibc, and GNU ld; see ``make testwheels``.
"""

import importlib
import pkgutil
import sys
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

import testwheels.cases
from testwheels.assemble import wheel_bytes
from testwheels.case import Case, Content, Elf, Member
from testwheels.manifest import manifest_text
from testwheels.toolchain import Workshop, tool_versions

HOME = Path(__file__).parent
WHEELS = HOME / "wheels"


def all_cases() -> list[Case]:
    """Return every row of every table, sorted by name."""
    names = [module.name for module in pkgutil.iter_modules(testwheels.cases.__path__)]
    modules = [importlib.import_module(f"testwheels.cases.{name}") for name in names]
    cases = sorted((case for module in modules for case in module.CASES), key=lambda case: case.name)
    names = [case.name for case in cases]
    if len(set(names)) < len(names):
        raise SystemExit(f"two cases of one name: {sorted({name for name in names if names.count(name) > 1})}")
    return cases


def build(cases: Collection[Case], wanted: Collection[str]) -> None:
    """Write the wheels of the *wanted* cases, of all if none is named, and the manifest of all."""
    WHEELS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        workshop = Workshop(Path(scratch))
        for case in cases:
            if wanted and case.name not in wanted:
                continue
            contents = [content for member in case.members for content in _contents(member, case, workshop)]
            (WHEELS / case.wheel).write_bytes(wheel_bytes(case, contents))
    for stale in {path.name for path in WHEELS.iterdir()} - {case.wheel for case in cases}:
        (WHEELS / stale).unlink()
    built = {case.wheel: (WHEELS / case.wheel).read_bytes() for case in cases}
    (HOME / "MANIFEST.toml").write_text(manifest_text(cases, built, tool_versions()), encoding="utf-8")


def _contents(member: Member, case: Case, workshop: Workshop) -> Iterator[Content]:
    """Yield the member as it is packed: name, bytes and mode."""
    if not isinstance(member, Elf):
        yield _named(member.path, case), member.data, member.mode
        return
    is_program = member.form in ("executable", "static", "static-pie")
    yield _named(member.path, case), workshop.build(member, case.name), 0o100755 if is_program else 0o100644


def _named(path: str | bytes, case: Case) -> str | bytes:
    return path.replace("{case}", case.name) if isinstance(path, str) else path


if __name__ == "__main__":
    build(all_cases(), sys.argv[1:])
