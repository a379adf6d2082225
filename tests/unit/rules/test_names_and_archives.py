"""The rules MUSL001 to MUSL010: names, metadata and the archive itself."""

from dataclasses import replace

import pytest
from tests.support.values import executable, extension, judged, library, wheel

from musl_audit.model import ElfFacts, ElfKind, Finding, Problem, ProblemKind, Severity, Symbol, WheelFacts
from musl_audit.wheel.names import parse_wheel_name

INFO = "demo-1.0.dist-info"


def found(facts: WheelFacts, code: str) -> list[Finding]:
    """Return the findings of the rule *code*."""
    return [finding for finding in judged(facts).findings if finding.code == code]


def severities(facts: WheelFacts, code: str) -> list[Severity]:
    return [finding.severity for finding in found(facts, code)]


def with_metadata(facts: WheelFacts, **fields: object) -> WheelFacts:
    return replace(facts, metadata=replace(facts.metadata, **fields))  # type: ignore[arg-type]


def called(filename: str) -> WheelFacts:
    return replace(wheel(extension()), filename=filename, name=parse_wheel_name(filename))


def static(path: str = "demo-1.0.data/scripts/demo") -> ElfFacts:
    return replace(executable(path), kind=ElfKind.STATIC_EXECUTABLE, needed=(), interpreter=None)


def test_a_good_wheel_has_no_finding_of_these_rules() -> None:
    """The near miss of all of them."""
    assert [item.code for item in judged(wheel(extension())).findings if item.code < "MUSL1"] == []


# --- MUSL001 ------------------------------------------------------------------------------------------


def test_a_file_name_that_is_no_wheels() -> None:
    """The reason is said."""
    [finding] = found(replace(wheel(extension()), filename="demo-1.0.whl", name=None), "MUSL001")

    assert finding.severity is Severity.ERROR
    assert "wrong number of parts" in finding.message


# --- MUSL002 ------------------------------------------------------------------------------------------


def test_tags_are_compared_as_sets() -> None:
    """One line for each tag, in any order and any case."""
    facts = called("demo-1.0-py3.py2-none-musllinux_1_2_x86_64.musllinux_1_1_x86_64.whl")
    lines = [f"PY{n}-none-musllinux_1_{m}_x86_64" for n in (2, 3) for m in (1, 2)]

    assert found(with_metadata(facts, tags=tuple(lines)), "MUSL002") == []


def test_a_compressed_tag_is_noted() -> None:
    """The set is right, the spelling is not."""
    facts = called("demo-1.0-py3.py2-none-musllinux_1_2_x86_64.whl")

    compressed = with_metadata(facts, tags=("py2.py3-none-musllinux_1_2_x86_64",))

    assert severities(compressed, "MUSL002") == [Severity.NOTE]


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        (
            ("cp312-cp312-linux_x86_64",),
            "cp312-cp312-musllinux_1_2_x86_64 only in the file name; cp312-cp312-linux_x86",
        ),
        ((), "cp312-cp312-musllinux_1_2_x86_64 only in the file name"),
        (("cp312-cp312-musllinux_1_2_x86_64", "cp312-cp312-any"), "cp312-cp312-any only in WHEEL"),
        (("nonsense", "cp312-cp312-musllinux_1_2_x86_64"), "nonsense only in WHEEL"),
    ],
)
def test_other_tags_than_the_file_name(tags: tuple[str, ...], words: str) -> None:
    """Both sides are named."""
    [finding] = found(with_metadata(wheel(extension()), tags=tags), "MUSL002")

    assert finding.severity is Severity.WARNING
    assert words in finding.message


def test_a_tag_that_stands_for_thousands_is_not_expanded() -> None:
    """A line may be as long as it likes, and three sets multiply."""
    many = ".".join(f"a{number}" for number in range(30))

    [finding] = found(with_metadata(wheel(extension()), tags=(f"{many}-{many}-{many}",)), "MUSL002")

    assert finding.message == "more than 10000 tags, which nobody compares"


@pytest.mark.parametrize(
    "directories",
    [(), (INFO, "other-1.0.dist-info"), ("other-1.0.dist-info",), ("demo_more-1.0.dist-info",), ("1.0.dist-info",)],
)
def test_metadata_that_installers_refuse(directories: tuple[str, ...]) -> None:
    """None, two, or another project's."""
    assert severities(with_metadata(wheel(extension()), dist_infos=directories), "MUSL002") == [Severity.ERROR]


def test_metadata_of_another_version() -> None:
    """Some installers go by it, some refuse it."""
    assert severities(with_metadata(wheel(extension()), dist_infos=("Demo-1.1.dist-info",)), "MUSL002") == [
        Severity.WARNING
    ]


@pytest.mark.parametrize("directory", ["Demo-1.0.dist-info", "demo-1.0.0.dist-info"])
def test_other_spellings_of_the_same_release(directory: str) -> None:
    """Names and versions are compared normalized."""
    assert found(with_metadata(wheel(extension()), dist_infos=(directory,)), "MUSL002") == []


def test_no_wheel_file() -> None:
    """Installers refuse it."""
    assert severities(with_metadata(wheel(extension()), has_wheel_file=False, tags=()), "MUSL002") == [Severity.ERROR]


# --- MUSL003 and MUSL004 ------------------------------------------------------------------------------


def test_no_metadata_at_all_is_one_finding() -> None:
    """That WHEEL and RECORD are missing then needs no saying."""
    facts = with_metadata(wheel(extension()), dist_infos=(), has_wheel_file=False, tags=())
    facts = replace(facts, record_problems=(Problem(ProblemKind.MISSING_RECORD, detail="there is no RECORD"),))

    assert [item.code for item in judged(facts).findings if item.code < "MUSL1"] == ["MUSL002"]


def test_problems_of_record_are_warnings() -> None:
    """One finding for each kind, with its members."""
    problems = (
        Problem(ProblemKind.MISSING_MEMBER, ("a", "b"), "is listed in RECORD, and is not in the archive"),
        Problem(ProblemKind.MALFORMED_RECORD, (), "has more than 400000 rows"),
    )

    findings = found(replace(wheel(extension()), record_problems=problems), "MUSL003")

    assert [(item.severity, item.members) for item in findings] == [
        (Severity.WARNING, ()),
        (Severity.WARNING, ("a", "b")),
    ]
    assert findings[0].message == "RECORD has more than 400000 rows"
    assert findings[1].message == "a and b: is listed in RECORD, and is not in the archive"


def test_a_missing_record_is_an_error() -> None:
    """pip cannot install the wheel."""
    facts = replace(
        wheel(extension()), record_problems=(Problem(ProblemKind.MISSING_RECORD, detail="there is no RECORD"),)
    )

    assert severities(facts, "MUSL003") == [Severity.ERROR]


def test_problems_of_the_archive_are_errors() -> None:
    """And break the promise of every tag."""
    facts = replace(
        wheel(extension()), archive_problems=(Problem(ProblemKind.UNSAFE_PATH, ("/x",), "is an absolute path"),)
    )

    assert severities(facts, "MUSL004") == [Severity.ERROR]
    assert judged(facts).claims[0].kept is False


def test_bytes_that_belong_to_no_member_are_noted() -> None:
    """Everybody reads the same files."""
    facts = replace(wheel(extension()), archive_problems=(Problem(ProblemKind.EXTRA_DATA, (), "7 bytes follow"),))

    assert severities(facts, "MUSL004") == [Severity.NOTE]


# --- MUSL005 and MUSL009 ------------------------------------------------------------------------------


@pytest.mark.parametrize("tag", ["musllinux_9000_0_x86_64", "musllinux_1_20_x86_64", "musllinux_0_0_x86_64"])
def test_a_series_that_never_existed(tag: str) -> None:
    """The tag is well-formed, and no installer accepts it."""
    [finding] = found(wheel(extension(), platform=tag), "MUSL005")

    assert finding.severity is Severity.ERROR
    assert tag in finding.message


@pytest.mark.parametrize("tag", ["musllinux_x86_64", "musllinux_1_x86_64", "musllinux_01_2_x86_64"])
def test_a_tag_that_only_looks_like_musllinux(tag: str) -> None:
    """PEP 656 has one form."""
    assert severities(wheel(extension(), platform=tag), "MUSL005") == [Severity.ERROR]


@pytest.mark.parametrize("tag", ["musllinux_1_0_x86_64", "musllinux_1_1_x86_64", "manylinux_9000_0_x86_64"])
def test_series_that_existed_and_other_families(tag: str) -> None:
    """1.0 did exist; glibc is not our business."""
    assert found(wheel(extension(), platform=tag), "MUSL005") == []


def test_an_architecture_that_pypi_does_not_accept() -> None:
    """Only a note: other indexes do."""
    assert severities(wheel(library(), platform="musllinux_1_2_loongarch64"), "MUSL009") == [Severity.NOTE]


@pytest.mark.parametrize("arch", ["x86_64", "i686", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64"])
def test_architectures_that_pypi_accepts(arch: str) -> None:
    """The list is in the policies."""
    assert found(wheel(platform=f"musllinux_1_2_{arch}"), "MUSL009") == []


# --- MUSL006, MUSL007 and MUSL010 ---------------------------------------------------------------------


@pytest.mark.parametrize("path", ["demo/_demo.abi3.so", "demo-1.0.data/purelib/demo/_demo.abi3.so"])
def test_extension_modules_in_purelib(path: str) -> None:
    """Where the root is purelib, and where the wheel says so itself."""
    assert severities(with_metadata(wheel(extension(path)), root_is_purelib=True), "MUSL006") == [Severity.WARNING]


@pytest.mark.parametrize(
    "elf", [extension("demo-1.0.data/platlib/demo/_demo.abi3.so"), static(), library("demo/data/plugin.so")]
)
def test_binaries_that_may_be_in_a_purelib_wheel(elf: ElfFacts) -> None:
    """platlib is named, and programs go to bin."""
    assert found(with_metadata(wheel(elf), root_is_purelib=True), "MUSL006") == []


@pytest.mark.parametrize("is_purelib", [False, None])
def test_extension_modules_in_platlib(is_purelib: bool | None) -> None:
    """Without the field, there is nothing to contradict."""
    assert found(with_metadata(wheel(extension()), root_is_purelib=is_purelib), "MUSL006") == []


@pytest.mark.parametrize("platform", ["musllinux_1_2_x86_64", "manylinux_2_17_x86_64.linux_x86_64"])
def test_a_platform_tag_and_no_binary(platform: str) -> None:
    """The wheel would work everywhere."""
    assert severities(wheel(platform=platform, others=("demo/__init__.py",)), "MUSL007") == [Severity.WARNING]


@pytest.mark.parametrize(
    "facts",
    [
        wheel(platform="any"),
        wheel(platform="win_amd64"),
        wheel(platform="musllinux_1_2_x86_64.any"),
        wheel(static()),
        replace(wheel(), elf_problems=(Problem(ProblemKind.UNREADABLE_ELF, ("a.so",), "cut off"),)),
        replace(wheel(), archive_problems=(Problem(ProblemKind.ENCRYPTED, ("a.so",), "is encrypted"),)),
    ],
)
def test_where_a_platform_tag_is_no_surprise(facts: WheelFacts) -> None:
    """There is a binary, there may be one, or no platform of ours is named."""
    assert found(facts, "MUSL007") == []


def test_a_tag_for_any_platform_and_binaries() -> None:
    """Each is listed with its C library."""
    facts = wheel(
        extension("a.so", needed=("libc.musl-x86_64.so.1",)),
        extension("b.so", needed=("libpthread.so.0", "libc.so.6")),
        static("c"),
        library("d.so", needed=()),
        executable("e", needed=(), interpreter="/lib64/ld-linux-x86-64.so.2"),
        platform="any",
    )

    [finding] = found(facts, "MUSL010")

    assert finding.severity is Severity.WARNING
    assert finding.message.endswith(
        "a.so (musl), b.so (glibc), c (static executable), d.so (no C library) and e (glibc)"
    )


def test_a_pure_wheel() -> None:
    """Told by its content."""
    assert found(wheel(platform="any", others=("demo/__init__.py",)), "MUSL010") == []


# --- MUSL008 ------------------------------------------------------------------------------------------

BOTH = "manylinux_2_17_x86_64.musllinux_1_2_x86_64"


def test_one_dynamic_binary_for_two_libcs() -> None:
    """It is linked against one of them."""
    [finding] = found(wheel(extension(), static(), platform=BOTH), "MUSL008")

    assert finding.severity is Severity.ERROR
    assert finding.members == (extension().path,)


@pytest.mark.parametrize(
    "elf",
    [
        static(),
        replace(library("demo/data.o", undefined=(Symbol("malloc"),)), kind=ElfKind.RELOCATABLE),
        extension(needed=(), undefined=(Symbol("PyModule_Create2"), Symbol("__gmon_start__", is_weak=True))),
        library(needed=()),
    ],
)
def test_binaries_that_need_no_libc(elf: ElfFacts) -> None:
    """They load with either."""
    assert found(wheel(elf, platform=BOTH), "MUSL008") == []


def test_an_undefined_symbol_of_libc_without_needing_it() -> None:
    """The process has one libc, and this was built for one."""
    assert severities(wheel(extension(needed=(), undefined=(Symbol("malloc"),)), platform=BOTH), "MUSL008") == [
        Severity.ERROR
    ]


@pytest.mark.parametrize("platform", ["musllinux_1_1_x86_64.musllinux_1_2_x86_64", "musllinux_1_2_x86_64.linux_x86_64"])
def test_several_tags_of_one_libc(platform: str) -> None:
    """Only manylinux and musllinux contradict each other."""
    assert found(wheel(extension(), platform=platform), "MUSL008") == []
