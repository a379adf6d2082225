"""A new X is one new file and no list to edit: each is added to a copy of the package, and used there."""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tests.support.cli import ROOT, environment, wheel

RULE = '''
"""
A sample of a rule.

It sees every wheel.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import Rule
from musl_audit.model import Severity, Statement

RULE = Rule("MUSL399", "sample", Severity.WARNING, "remove the sample")


def check(context: Context) -> Iterator[Statement]:
    """Yield one statement."""
    yield RULE.states("a sample was here", members=[elf.path for elf in context.facts.elves])
'''

FORMAT = '''
"""The names of the wheels, and nothing else."""

from musl_audit.model import Outcome
from musl_audit.reporters.base import Heading, Reporter, Summary


def make(heading: Heading) -> Reporter:
    """Return the reporter of this format."""
    return Sample()


class Sample:
    """A line per outcome."""

    def begin(self) -> str:
        """Return the beginning."""
        return "begin "

    def outcome(self, outcome: Outcome) -> str:
        """Return the path."""
        return outcome.path.rpartition("/")[2]

    def end(self, summary: Summary) -> str:
        """Return the end."""
        return " end"
'''

SOURCE = '''
"""Wheels that a text file lists."""

from collections.abc import Iterator
from pathlib import Path

from musl_audit.adapters.sources.files import WheelFile

RANK = 1


def accepts(reference: str) -> bool:
    """Whether *reference* names a list."""
    return reference.startswith("list:")


def find(reference: str) -> Iterator[WheelFile]:
    """Yield the wheels of the list."""
    yield from map(WheelFile, Path(reference.removeprefix("list:")).read_text().split())
'''

RUNNER = '''
"""The last one first, though the answers keep their order."""

from collections.abc import Callable, Generator, Iterable

from musl_audit.adapters.runners import AnyItem, Answer
from musl_audit.model import Failure


def run(work: Callable[[AnyItem], Answer], items: Iterable[AnyItem], jobs: int) -> Generator[Answer | Failure]:
    """Yield what *work* returns for each of *items*."""
    print("backwards")
    yield from reversed([work(item) for item in reversed(list(items))])
'''

COMMAND = '''
"""
Greet somebody.

exit code: 0
"""

from argparse import ArgumentParser, Namespace


def add_arguments(parser: ArgumentParser) -> None:
    """Add what this command can be asked."""
    parser.add_argument("name")


def run(options: Namespace) -> int:
    """Greet."""
    print("hello", options.name)
    return 0
'''


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Return a copy of the package and its policies."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    return tmp_path


def add(house: Path, path: str, text: str) -> None:
    """Write one new file."""
    assert not (house / path).exists()
    (house / path).write_text(text.lstrip(), encoding="utf-8")


def python(house: Path, *arguments: str | Path) -> str:
    """Return what Python prints that finds the copy of the package first."""
    paths = [str(house / "src"), *(entry for entry in sys.path if entry and str(ROOT) != entry)]
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=house,
        env=environment(PYTHONPATH=":".join(paths)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def run(house: Path, *arguments: str | Path) -> str:
    """Return what the copy's command prints."""
    return python(house, "-m", "musl_audit", *arguments)


def test_a_rule(house: Path) -> None:
    """Its docstring is its page, and its code can be selected."""
    add(house, "src/musl_audit/judging/rules/musl399_sample.py", RULE)

    assert "A sample of a rule." in run(house, "rule", "sample")
    assert "MUSL399" in run(house, "check", "--select", "MUSL399", "--fail-on", "never", wheel("clean_x86_64"))


def test_a_report_format(house: Path) -> None:
    """The name of its file is the word behind ``--format``."""
    add(house, "src/musl_audit/reporters/format_sample.py", FORMAT)

    path = wheel("clean_x86_64")
    assert run(house, "check", "--format", "sample", path) == f"begin {path.name} end"
    assert "sample" in run(house, "check", "--help")


def test_a_source_of_wheels(house: Path) -> None:
    """Every command that reads wheels knows it."""
    add(house, "src/musl_audit/adapters/sources/lists.py", SOURCE)
    (house / "wheels.txt").write_text(str(wheel("clean_x86_64")))

    report = json.loads(run(house, "check", "--json", "list:wheels.txt"))

    assert [row["wheel"] for row in report["wheels"]] == [wheel("clean_x86_64").name]


def test_a_runner(house: Path) -> None:
    """It is called by the name of its file."""
    add(house, "src/musl_audit/adapters/runners/backwards.py", RUNNER)
    script = (
        "import sys; from musl_audit import examine; from musl_audit.adapters.runners import runner_named\n"
        "outcomes = examine(sys.argv[1:], runner=runner_named('backwards'))\n"
        "print([outcome.filename for outcome in outcomes])"
    )
    paths = [wheel("clean_x86_64"), wheel("clean_aarch64")]

    assert python(house, "-c", script, *paths) == f"backwards\n{[path.name for path in paths]}\n"


def test_a_command(house: Path) -> None:
    """It has a line in the overview and a page of its own."""
    add(house, "src/musl_audit/cli/commands/hello.py", COMMAND)

    assert run(house, "hello", "there") == "hello there\n"
    assert "Greet somebody." in run(house, "--help")
    assert "Greet somebody." in run(house, "hello", "--help")


def test_a_musl_release(house: Path) -> None:
    """Wheels are judged on it, too."""
    release = {
        "$schema": "../schema/musl.schema.json",
        "release": "1.2.99",
        "released": None,
        "provenance": "a sample",
        "symbols": {"common": {"added": ["a_sample"], "removed": []}},
    }
    add(house, "policies/musl/1.2.99.json", json.dumps(release))

    report = json.loads(run(house, "check", "--json", wheel("clean_x86_64")))

    assert "1.2.99" in report["wheels"][0]["loads_on"]
    assert "a_sample" in run(house, "policy", "diff", "1.2.6", "1.2.99")


def test_an_architecture(house: Path, tmp_path: Path) -> None:
    """One row of its psABI's numbers, and one file of policies."""
    machines = house / "src" / "musl_audit" / "elf" / "machines.py"
    row = "    4242: Machine(64, 1027, 1024, frozenset({1030}), frozenset({1028}), 1032, tls_descriptor=1031),\n"
    before, after = machines.read_text(encoding="utf-8").split("MACHINES = {\n")
    machines.write_text(f"{before}MACHINES = {{\n{row}{after}", encoding="utf-8")
    arch = json.loads((ROOT / "policies" / "arch" / "aarch64.json").read_text(encoding="utf-8"))
    own = {key: value for key, value in arch.items() if key not in ("begins", "relocations")}
    own |= {"name": "sample64", "symbols_of": "aarch64", "loader": "ld-musl-sample64.so.1"}
    own["elf"] = {**arch["elf"], "machine": 4242}
    add(house, "policies/arch/sample64.json", json.dumps(own))

    report = json.loads(run(house, "check", "--json", wheel_for(4242, "sample64", tmp_path)))

    assert (report["wheels"][0]["arch"], report["wheels"][0]["loads"]) == ("sample64", "all")


def wheel_for(machine: int, arch: str, directory: Path) -> Path:
    """Return the clean wheel for aarch64 with another machine in its ELF headers and another tag."""
    source = wheel("clean_aarch64")
    target = directory / source.name.replace("musllinux_1_2_aarch64", f"musllinux_1_2_{arch}")
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if data[:4] == b"\x7fELF":
                data = data[:18] + machine.to_bytes(2, "little") + data[20:]
            new.writestr(name, data.replace(b"_aarch64\n", f"_{arch}\n".encode()))
    return target
