"""The rules about environments, each from both sides."""

from dataclasses import replace

import pytest
from tests.support.cli import ROOT
from tests.support.environments import GLIBC, MUSL, built, codes, findings, interpreter, on_musl

from musl_audit.environment.installed.values import Deed, Installation, InstalledAnswer, Origin, Project, Site
from musl_audit.environment.judge import exit_code
from musl_audit.environment.rules import EnvironmentRule, all_rules
from musl_audit.environment.values import Build, Interpreter, Run, WheelAnswer
from musl_audit.loader.libc_names import Libc
from musl_audit.model import Failure, Report, Severity, Verdict, WheelKind

GONE = replace(MUSL, release=None, exists=False)
NAMELESS = replace(MUSL, path="/lib/ld.so.1")
TAKEN = WheelAnswer("w.whl", "w.whl", "sentence", installs=True, loads=True)


def project(
    *, version: str = "1.0", folder: str = "/site", origin: Origin = Origin.RECORD, **facts: tuple[str, ...]
) -> InstalledAnswer:
    """Return the answer about an installed package that loads."""
    about = Project("demo", version, folder, f"{folder}/demo-{version}.dist-info", origin)
    report = Report(about.metadata, about.spelled, "", None, WheelKind.OTHER, (), Verdict("x86_64"))
    return replace(InstalledAnswer(about, 1, loads=True, report=report), **facts)  # type: ignore[arg-type]


def installation(*answers: InstalledAnswer) -> Installation:
    """Return what an interpreter sees."""
    return Installation("/usr/bin/python3", "3.12.4", "musl 1.2.3", "x86_64", (Site("/site", ""),), answers)


BROKEN = replace(project(), loads=False, sentence="sentence", reason="reason", deed=Deed.CRASHES_AT_IMPORT)
CASES: dict[str, tuple[Interpreter | None, dict[str, object]]] = {
    "ENV001": (interpreter(libc=Libc.STATIC, loader=None), {}),
    "ENV002": (interpreter(loader=GONE), {}),
    "ENV003": (interpreter(loader=on_musl("1.2.99")), {}),
    "ENV004": (interpreter(soabi="cpython-310-x86_64-linux-gnu"), {}),
    "ENV005": (interpreter(loader=NAMELESS), {}),
    "ENV006": (interpreter(pip="20.3.4"), {}),
    "ENV011": (interpreter(build=built(without=("HAVE_LINUX_CAN_H",))), {}),
    "ENV012": (
        interpreter(build=Build((), built().macros, {"socket.AF_NETLINK": False})),
        {"required": ("socket.AF_NETLINK",)},
    ),
    "ENV013": (interpreter(build=None), {}),
    "ENV021": (interpreter(), {"wheels": (replace(TAKEN, installs=False, loads=None, why_not="reason"),)}),
    "ENV022": (interpreter(), {"wheels": (replace(TAKEN, loads=False, code="MUSL401"),)}),
    "ENV023": (interpreter(), {"wheels": (replace(TAKEN, loads=None),)}),
    "ENV031": (interpreter(), {"installations": (installation(BROKEN),)}),
    "ENV032": (interpreter(), {"installations": (installation(project(missing=("/site/a/_b.so",))),)}),
    "ENV033": (interpreter(), {"installations": (installation(project(changed=("/site/a/_b.so",))),)}),
    "ENV034": (interpreter(), {"installations": (installation(project(), project(version="2.0")),)}),
    "ENV035": (interpreter(), {"installations": (installation(project(origin=Origin.DATABASE)),)}),
    "ENV901": (None, {"failures": (Failure("python", "ENV901", "message"),)}),
    "ENV902": (interpreter(run=Run(problem="it crashed")), {}),
    "ENV903": (interpreter(build=Build((), {"HAVE_X": True})), {"required": ("socket.AF_NETLINK",)}),
    "ENV904": (interpreter(), {"installations": (installation(project(unread=("/site/a: no",))),)}),
    "ENV905": (interpreter(), {"failures": (Failure("/site/demo.dist-info", "ENV905", "message"),)}),
}
NEAR_MISSES: dict[str, tuple[Interpreter | None, dict[str, object]]] = {
    "a clean interpreter": (interpreter(), {}),
    "no interpreter": (None, {}),
    "glibc": (interpreter(libc=Libc.GLIBC, loader=GLIBC, soabi="cpython-312-x86_64-linux-gnu", pip="20.0"), {}),
    "the first pip": (interpreter(pip="21.2"), {}),
    "a pip of a strange version": (interpreter(pip="dev"), {}),
    "the newest known release": (interpreter(loader=on_musl("1.2.6")), {}),
    "between two releases": (interpreter(loader=on_musl("1.2.5-git-3-gabc")), {}),
    "a macro that is not mentioned": (interpreter(build=Build((), {"HAVE_X": False})), {}),
    "a name that is there": (interpreter(), {"required": ("socket.AF_NETLINK", "os.getrandom")}),
    "a wheel that fits": (interpreter(), {"wheels": (TAKEN,)}),
    "an installed package that loads": (interpreter(), {"installations": (installation(project()),)}),
    "gone bytecode": (interpreter(), {"installations": (installation(project(missing=("/site/a.pyc",))),)}),
    "one project in two folders": (
        interpreter(),
        {"installations": (installation(project(), project(folder="/other", version="2.0")),)},
    ),
    "it was run": (interpreter(run=Run("1.2.3", build=Build((), {}, {"socket.AF_NETLINK": True}))), {}),
    "run instead of files": (interpreter(build=None, run=Run("1.2.3", build=Build((), {"HAVE_X": True}))), {}),
}


def code_of(module: EnvironmentRule) -> str:
    """Return the name of a test's case."""
    return module.rule.code


@pytest.mark.parametrize("module", all_rules(), ids=code_of)
def test_a_rule_is_triggered_alone(module: EnvironmentRule) -> None:
    """Nothing else has something to say about that environment."""
    found, facts = CASES[module.rule.code]

    assert codes(found, **facts) == [module.rule.code]


@pytest.mark.parametrize("case", NEAR_MISSES)
def test_a_near_miss_triggers_nothing(case: str) -> None:
    """A glibc Python is a fact, not a fault."""
    found, facts = NEAR_MISSES[case]

    assert codes(found, **facts) == []


@pytest.mark.parametrize("module", all_rules(), ids=code_of)
def test_a_rule_explains_itself(module: EnvironmentRule) -> None:
    """A page, a name, a hint, a fix as data, and a place in the documentation."""
    first, _, rest = module.page.strip().partition("\n\n")
    documentation = (ROOT / "docs" / "reference" / "env.md").read_text()

    assert first.endswith(".")
    assert len(rest) > 80
    assert module.rule.hint
    assert module.rule.fix.kind
    assert f"{module.rule.code} | {module.rule.name} | {module.rule.severity}" in documentation


def test_codes_and_names_are_unique() -> None:
    """A code is never reused."""
    rules = [module.rule for module in all_rules()]

    assert len({rule.code for rule in rules}) == len({rule.name for rule in rules}) == len(rules) == len(CASES)


def test_only_four_things_are_faults() -> None:
    """A static interpreter, a required name, a wheel or a package in vain; beside what could not be answered."""
    errors = " ".join(module.rule.code for module in all_rules() if module.rule.severity is Severity.ERROR)

    assert errors == "ENV001 ENV012 ENV021 ENV022 ENV031 ENV901 ENV902 ENV903 ENV904 ENV905"


@pytest.mark.parametrize(
    ("code", "fail_on", "expected"),
    [
        ("ENV001", Severity.ERROR, 1),
        ("ENV001", None, 0),
        ("ENV011", Severity.ERROR, 0),
        ("ENV011", Severity.WARNING, 1),
        ("ENV013", Severity.WARNING, 0),
        ("ENV013", Severity.NOTE, 1),
        ("ENV901", Severity.ERROR, 4),
        ("ENV902", None, 4),
        ("ENV903", None, 4),
    ],
)
def test_the_exit_code(code: str, fail_on: Severity | None, expected: int) -> None:
    """What could not be answered weighs more than any answer."""
    found, facts = CASES[code]

    assert exit_code(findings(found, **facts), fail_on) == expected


def test_the_finding_about_kernel_headers_names_what_is_lost_and_who_hits_it() -> None:
    """Macro, family, package and symptom."""
    (finding,) = findings(interpreter(build=built(without=("HAVE_LINUX_NETLINK_H", "HAVE_ASM_TYPES_H"))))

    assert {"HAVE_LINUX_NETLINK_H", "HAVE_ASM_TYPES_H", "socket.AF_NETLINK"} <= set(finding.symbols)
    assert "known to fail: pyroute2 and scapy" in finding.message
    assert "linux-headers" in finding.hint
    assert "issue 930" in finding.hint
