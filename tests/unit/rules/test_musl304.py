"""Which interpreters import which file names."""

import pytest
from tests.support.values import codes, extension, judged, wheel

from musl_audit.loader.extension_suffixes import AdmittedPython, imports
from musl_audit.model import Severity

TRIPLET = "x86_64-linux-musl"


@pytest.mark.parametrize(
    ("interpreter", "suffix"),
    [
        (AdmittedPython(12), ".so"),
        (AdmittedPython(12), ".abi3.so"),
        (AdmittedPython(12), f".cpython-312-{TRIPLET}.so"),
        (AdmittedPython(13, is_free_threaded=True), f".cpython-313t-{TRIPLET}.so"),
        (AdmittedPython(15), f".abi3-{TRIPLET}.so"),
        (AdmittedPython(15), ".abi3t.so"),
        (AdmittedPython(15, is_free_threaded=True), f".abi3t-{TRIPLET}.so"),
        (AdmittedPython(8, is_oldest=True), ".abi3.so"),
    ],
)
def test_suffixes_that_are_looked_for(interpreter: AdmittedPython, suffix: str) -> None:
    """CPython's list of extension suffixes, by version and build."""
    assert imports(interpreter, suffix, TRIPLET).why_not == ""


@pytest.mark.parametrize(
    ("interpreter", "suffix"),
    [
        (AdmittedPython(12), ".cpython-312-x86_64-linux-gnu.so"),
        (AdmittedPython(12), f".cpython-311-{TRIPLET}.so"),
        (AdmittedPython(12), ".cpython-312-aarch64-linux-musl.so"),
        (AdmittedPython(13), f".cpython-313t-{TRIPLET}.so"),
        (AdmittedPython(13, is_free_threaded=True), ".abi3.so"),
        (AdmittedPython(14), f".abi3-{TRIPLET}.so"),
        (AdmittedPython(14), ".abi3t.so"),
        (AdmittedPython(8, is_oldest=True), f".cpython-38-{TRIPLET}.so"),
        (AdmittedPython(12), ".pypy310-pp73-x86_64-linux-gnu.so"),
    ],
)
def test_suffixes_that_are_not(interpreter: AdmittedPython, suffix: str) -> None:
    """The import fails before the loader is asked."""
    assert imports(interpreter, suffix, TRIPLET).why_not
    assert imports(interpreter, suffix, TRIPLET).is_certain


@pytest.mark.parametrize(("triplet", "expected"), [(TRIPLET, [False, True]), ("x86_64-linux-gnu", [False, False])])
def test_old_pythons_disagree_about_musls_triplet_alone(triplet: str, expected: list[bool]) -> None:
    """Upstream's 3.10 wants -gnu even on musl, which Alpine's patched one accepts beside its own."""
    answers = [
        imports(AdmittedPython(10, is_patched=is_patched), f".cpython-310-{triplet}.so", TRIPLET)
        for is_patched in (True, False)
    ]

    assert [bool(answer.why_not) for answer in answers] == expected
    assert not any(answer.why_not and answer.is_certain for answer in answers)


def test_a_wrong_triplet_is_an_error() -> None:
    """CPython 3.12 on musl never looks for it."""
    report = judged(wheel(extension("demo/_demo.cpython-312-x86_64-linux-gnu.so")))

    assert [(finding.code, finding.severity) for finding in report.findings] == [("MUSL304", Severity.ERROR)]


def test_another_importable_copy_makes_it_fine() -> None:
    """Some projects ship both."""
    facts = wheel(extension("demo/_demo.cpython-312-x86_64-linux-gnu.so"), extension("demo/_demo.abi3.so"))

    assert codes(judged(facts)) == []


@pytest.mark.parametrize(("libc", "expected"), [("musl", [Severity.WARNING]), ("gnu", [])])
def test_an_old_python_with_musls_triplet_is_a_warning(libc: str, expected: list[Severity]) -> None:
    """Only one of the two camps imports it; glibc's both do."""
    facts = wheel(extension(f"demo/_demo.cpython-310-x86_64-linux-{libc}.so"), python="cp310", abi="cp310")

    assert [finding.severity for finding in judged(facts).findings] == expected


@pytest.mark.parametrize(
    ("beside", "expected"),
    [("demo/_demo.py", Severity.WARNING), ("demo/other.py", Severity.ERROR), ("_demo.py", Severity.ERROR)],
)
def test_python_imports_the_source_beside_a_module_that_it_does_not(beside: str, expected: Severity) -> None:
    """As a wheel for 3.10 with modules for 3.9 in it: slow, and no failure."""
    facts = wheel(extension("demo/_demo.cpython-311-x86_64-linux-musl.so"), others=(beside,))

    assert [finding.severity for finding in judged(facts).findings] == [expected]


def test_a_stable_abi_wheel_needs_a_name_that_all_later_pythons_import() -> None:
    """cp38-abi3 admits 3.13, which does not look for cpython-38."""
    facts = wheel(extension("demo/_demo.cpython-38-x86_64-linux-musl.so"), python="cp38", abi="abi3")

    assert codes(judged(facts)) == ["MUSL304"]


def test_a_library_that_happens_to_export_an_init_function_is_no_module() -> None:
    """Its name and the function do not agree, so nobody imports it."""
    elf = extension("demo/libdemo.so", defined=frozenset({"PyInit__other"}))

    assert codes(judged(wheel(elf))) == []
