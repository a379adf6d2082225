"""
Run the checks on popular wheels outside the corpus: an error is right only if musl's real loader confirms it.

``tools/data/good.toml`` names the wheels, pinned by digest, with the errors that are expected and why. Each wheel is
also given to the loaders that can run here (``make loaders`` for all architectures), and must load on exactly those
releases that we say. Programs are linked, never started. Run from the root of the repository:
``python -m tools.evidence.good``; exits with 1 on any false alarm, missed error or disagreement.
"""

import sys
import tempfile
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.elfwriter import Definition, Library, write_library
from tests.support.installed_wheels import Binary, WheelAnswer, ask_wheel, installed
from tests.support.loaders import available_loaders
from tools.evidence.pinned_wheels import PinnedWheel, fetch

from musl_audit import Catalog, Report, Settings, Severity, judge, load_catalog, read_facts

ROOT = Path(__file__).resolve().parents[2]
LIST = ROOT / "tools" / "data" / "good.toml"
DIRECTORY = ROOT / ".cache" / "good"


@dataclass(frozen=True, slots=True)
class GoodWheel:
    """
    One row of the list.

    ``errors`` maps each expected code to the reason; ``exclude`` is what the option of that name is given, and
    ``excluded_prefix`` how the symbols of those libraries begin, for the stub that stands for them.
    """

    file: str
    sha256: str
    why: str
    errors: dict[str, str] = field(default_factory=dict, hash=False)
    exclude: tuple[str, ...] = ()
    excluded_prefix: str = ""


def read_list() -> list[GoodWheel]:
    """Return the rows of the list, in its order."""
    rows = tomllib.loads(LIST.read_text(encoding="utf-8"))["wheel"]
    return [GoodWheel(**{**row, "exclude": tuple(row.get("exclude", ()))}) for row in rows]


def check(wheel: GoodWheel, catalog: Catalog) -> list[str]:
    """Print what we and the loaders say of *wheel*, and return a sentence for everything that is wrong with it."""
    path = DIRECTORY / wheel.file
    report = judge(read_facts(str(path)), catalog, Settings(exclude=wheel.exclude))
    found = {finding.code for finding in report.findings if finding.severity is Severity.ERROR}
    answers = ask(wheel, report, path)
    loads = " ".join(f"{answer.loader.release}:{'loads' if answer.loads else 'fails'}" for answer in answers)
    print(f"{wheel.file}\n    {' '.join(sorted(found)) or 'no error'}; {report.verdict.arch or 'no loader'} {loads}")
    loads_on = {str(release) for release in report.verdict.loads_on}
    wrong = [f"false alarm {code}" for code in sorted(found - wheel.errors.keys())]
    wrong += [f"missed {code}: {wheel.errors[code]}" for code in sorted(wheel.errors.keys() - found)]
    for answer in answers:
        if answer.loads != (answer.loader.release in loads_on):
            wrong.append(f"musl {answer.loader.release} {'loads it' if answer.loads else answer.refusals}")
    return wrong


def ask(wheel: GoodWheel, report: Report, path: Path) -> list[WheelAnswer]:
    """Return the answers of the loaders of the wheel's architecture that can run here."""
    arch = report.verdict.arch
    loaders = [loader for loader in available_loaders() if loader.arch == arch]
    if arch is None or not loaders:
        return []
    with tempfile.TemporaryDirectory() as folder:
        found = installed(path, arch, Path(folder))
        libraries = {
            library.soname: _stub(arch, library.soname, wheel.excluded_prefix, found)
            for library in report.external_libraries
            if library.status == "excluded"
        }
        return [ask_wheel(loader, Path(folder), found, libraries=libraries, is_ours=False) for loader in loaders]


def _stub(arch: str, soname: str, prefix: str, found: list[Binary]) -> bytes:
    names = sorted({name for binary in found for name in binary.undefined if name.startswith(prefix)})
    return write_library(Library(arch, soname, definitions=tuple(map(Definition, names))))


def main() -> int:
    """Fetch and check all of the list."""
    catalog = load_catalog()
    wheels = {PinnedWheel(wheel.file, wheel.sha256): wheel for wheel in read_list()}
    wrong, clean = [], 0
    for pinned, error in fetch(wheels, DIRECTORY):
        wheel = wheels[pinned]
        problems = [f"not to be had: {error}"] if error else check(wheel, catalog)
        clean += not wheel.errors
        wrong += [f"{wheel.file}: {problem}" for problem in problems]
    print(*wrong, sep="\n", end="\n" if wrong else "")
    broken = len(wheels) - clean
    print(
        f"{len(wheels)} wheels: {clean} without an error, {broken} with errors that were expected; {len(wrong)} wrong"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
