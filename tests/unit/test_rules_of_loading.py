"""The rules about symbols, libraries and what the loader can do, on facts as small as each needs."""

import pytest
from tests.support.values import (
    AARCH64,
    ARMV7L,
    I686,
    codes,
    executable,
    extension,
    judged,
    library,
    release,
    uses,
    wheel,
)

from musl_audit.model import ElfFacts, Finding, Problem, ProblemKind, Severity, Symbol, VersionNeed, WheelFacts

RPATH = "$ORIGIN/../demo.libs"


def only(facts: WheelFacts) -> Finding:
    """Return the one finding there is."""
    (finding,) = judged(facts).findings
    return finding


def i686(*symbols: str, path: str = "demo/_demo.cpython-312-i386-linux-musl.so") -> ElfFacts:
    """Return an i686 extension that uses *symbols*."""
    return extension(path, identity=I686, undefined=uses(*symbols))


def test_a_clean_extension_has_no_finding() -> None:
    """What libc and Python provide on every promised release is nothing to talk about."""
    assert codes(judged(wheel(extension(undefined=uses("malloc", "PyModule_Create2"))))) == []


def test_a_symbol_newer_than_the_floor_is_an_error() -> None:
    """qsort_r came in 1.2.3, and musllinux_1_2 promises 1.2.2."""
    finding = only(wheel(extension(undefined=uses("qsort_r"))))

    assert (finding.code, finding.symbols, finding.fixed_since) == ("MUSL101", ("qsort_r",), release("1.2.3"))
    assert finding.fails_on == {release("1.2.2")}


def test_alpine_with_the_symbol_backported_is_not_said_to_be_hit() -> None:
    """Alpine 3.15 ships 1.2.2 with qsort_r."""
    assert "Alpine 3.13–3.14" in only(wheel(extension(undefined=uses("qsort_r")))).impact


def test_a_weak_reference_may_stay_unresolved() -> None:
    """Rust refers weakly to gettid and statx and checks."""
    assert codes(judged(wheel(extension(undefined=uses("statx", is_weak=True))))) == []


def test_symbols_missing_on_different_releases_are_different_facts() -> None:
    """One finding per fact; symbols of one release are grouped."""
    report = judged(wheel(extension(undefined=uses("qsort_r", "pthread_getname_np", "statx"))))

    assert [finding.symbols for finding in report.findings] == [("pthread_getname_np", "qsort_r"), ("statx",)]


def test_lfs64_names_are_resolved_after_they_left_the_table() -> None:
    """The loader of 1.2.4 and later maps open64 to open."""
    assert codes(judged(wheel(extension(undefined=uses("open64"))))) == []


def test_posix_fallocate64_is_too_long_for_two_releases() -> None:
    """get_lfs64 copied names into 16 bytes in 1.2.4 and 1.2.5."""
    finding = only(wheel(extension(undefined=uses("posix_fallocate64"))))

    assert finding.fails_on == {release("1.2.4"), release("1.2.5")}


def test_xstat_has_a_gap_on_32_bit() -> None:
    """__xstat left the table of 32-bit architectures in 1.2.0 and came back in 1.2.4."""
    report = judged(wheel(i686("__xstat"), platform="musllinux_1_2_i686"))
    (finding,) = (finding for finding in report.findings if finding.code == "MUSL101")

    assert finding.fails_on == {release("1.2.2"), release("1.2.3")}
    assert report.verdict.required_musl == release("1.2.4")


def test_xstat_has_no_gap_on_64_bit() -> None:
    """Only the 32-bit tables changed."""
    assert codes(judged(wheel(extension(undefined=uses("__xstat"))))) == []


def test_a_symbol_of_nobody_fails_everywhere() -> None:
    """No release exports it, so none loads the file."""
    report = judged(wheel(extension(undefined=uses("no_such_function"))))

    assert codes(report) == ["MUSL102"]
    assert (report.verdict.loads, report.verdict.required_musl) == ("none", None)


@pytest.mark.parametrize("name", ["__memcpy_chk", "backtrace", "__cxa_thread_atexit_impl", "gnu_get_libc_version"])
def test_a_symbol_of_glibc_is_said_to_be_one(name: str) -> None:
    """People need to know where the reference comes from."""
    assert "in glibc, but in no musl" in only(wheel(extension(undefined=uses(name)))).message


def test_fortified_functions_get_the_advice_to_turn_fortification_off() -> None:
    """The hint is an edit, not a sermon."""
    assert "-U_FORTIFY_SOURCE" in only(wheel(extension(undefined=uses("__memcpy_chk")))).hint


def test_both_time_abis_in_one_wheel_are_a_warning() -> None:
    """A struct timespec that passes between them has two layouts."""
    facts = wheel(i686("clock_gettime"), i686("__clock_gettime64", path="demo/_b.so"), platform="musllinux_1_2_i686")

    assert codes(judged(facts)) == ["MUSL103"]


def test_the_old_time_abi_alone_is_a_warning_for_musl_1_2_tags() -> None:
    """It cannot represent times after 2038."""
    facts = wheel(i686("clock_gettime"), platform="musllinux_1_2_i686")

    assert codes(judged(facts)) == ["MUSL104"]


def test_time64_names_need_1_2_0() -> None:
    """A musllinux_1_1 wheel that imports them fails on what it promises."""
    facts = wheel(i686("__clock_gettime64"), platform="musllinux_1_1_i686")

    assert only(facts).fails_on == {release("1.1.24")}


def test_dlsym_carries_no_time() -> None:
    """It has a time64 twin, and still no time_t passes through it."""
    assert codes(judged(wheel(i686("dlsym"), platform="musllinux_1_2_i686"))) == []


def test_a_bundled_library_that_redefines_libc_is_a_note() -> None:
    """libc's definition wins."""
    facts = wheel(
        extension(needed=("libbsd.so.0",), rpath=RPATH, undefined=uses("strlcpy")),
        library("demo.libs/libbsd.so.0", defined=frozenset({"strlcpy"})),
    )

    assert [(finding.code, finding.severity) for finding in judged(facts).findings] == [("MUSL105", Severity.NOTE)]


def test_a_bundled_malloc_is_a_warning() -> None:
    """It never runs."""
    facts = wheel(
        extension(needed=("libjemalloc.so.2",), rpath=RPATH, undefined=uses("malloc")),
        library("demo.libs/libjemalloc.so.2", defined=frozenset({"malloc"})),
    )

    assert only(facts).severity is Severity.WARNING


def test_a_definition_that_nobody_refers_to_shadows_nothing() -> None:
    """Only lookups can be answered wrongly."""
    facts = wheel(
        extension(needed=("libbsd.so.0",), rpath=RPATH),
        library("demo.libs/libbsd.so.0", defined=frozenset({"strlcpy"})),
    )

    assert codes(judged(facts)) == []


def test_a_hidden_version_is_no_definition() -> None:
    """foo@V1 without foo@@V2 gives nobody foo, not even its own library."""
    facts = wheel(
        extension(needed=("libdemo.so.1",), rpath=RPATH, undefined=uses("demo")),
        library(hidden_versions=frozenset({"demo"})),
    )

    assert codes(judged(facts)) == ["MUSL106"]


def test_a_default_version_beside_the_hidden_one_is_found() -> None:
    """Requests for foo@V1 bind to foo@@V2."""
    facts = wheel(
        extension(needed=("libdemo.so.1",), rpath=RPATH, undefined=uses("demo")),
        library(hidden_versions=frozenset({"demo"}), defined=frozenset({"demo"})),
    )

    assert codes(judged(facts)) == []


def test_a_definition_without_a_value_is_none() -> None:
    """The loader passes by a symbol whose value is 0, in the file that refers to it as well."""
    assert codes(judged(wheel(extension(referenced_definitions=frozenset({"symbol_g"}))))) == ["MUSL102"]


def test_glibcs_loader_cannot_be_loaded() -> None:
    """musl reserves libc.so.6, but not ld-linux-x86-64.so.2."""
    report = judged(wheel(extension(needed=("libc.so.6", "ld-linux-x86-64.so.2"))))

    assert codes(report) == ["MUSL201", "MUSL201"]
    assert report.verdict.loads == "none"


def test_libc_so_6_loads_by_accident() -> None:
    """The loader is content, and the wheel is broken all the same."""
    report = judged(wheel(extension(needed=("libc.so.6",))))

    assert (codes(report), report.verdict.loads, report.claims[0].kept) == (["MUSL201"], "all", False)


def test_a_program_for_glibcs_interpreter_does_not_start() -> None:
    """The kernel looks for /lib64/ld-linux-x86-64.so.2."""
    assert judged(wheel(executable(interpreter="/lib64/ld-linux-x86-64.so.2"))).verdict.loads == "none"


def test_a_glibc_version_need_alone_is_no_finding() -> None:
    """musl ignores versions, and libgcc_s of good wheels has one."""
    assert codes(judged(wheel(extension(version_needs=(VersionNeed("libc.so.6", "GLIBC_2.17"),))))) == []


def test_a_library_from_outside_is_an_error() -> None:
    """The loader refuses the file where it is not installed."""
    report = judged(wheel(extension(needed=("libodbc.so.2",))))

    assert (codes(report), report.verdict.loads) == (["MUSL202"], "none")


def test_an_excluded_library_is_a_note() -> None:
    """pyodbc's users bring libodbc."""
    report = judged(wheel(extension(needed=("libodbc.so.2",))), exclude=("libodbc.so.*",))

    assert [(finding.code, finding.severity) for finding in report.findings] == [("MUSL202", Severity.NOTE)]
    assert report.claims[0].kept is True


def test_a_library_without_a_path_is_unreachable() -> None:
    """It is in the wheel, and the loader does not find it."""
    assert codes(judged(wheel(extension(needed=("libdemo.so.1",)), library()))) == ["MUSL203"]


@pytest.mark.parametrize(
    ("entry", "severity"),
    [
        ("/home/builder/lib", Severity.WARNING),
        ("lib", Severity.ERROR),
        ("/tmp/build/lib", Severity.ERROR),  # noqa: S108
        ("$ORIGIN/../../../lib", Severity.WARNING),
        ("/opt/$LIB", Severity.WARNING),
    ],
)
def test_a_search_path_out_of_the_wheel_is_reported(entry: str, severity: Severity) -> None:
    """What decides there is not in the wheel."""
    finding = only(wheel(extension(rpath=entry, needed=("libz.so.1", "libc.so"))))

    assert (finding.code, finding.severity) == ("MUSL204", severity)


def test_a_search_path_along_which_nothing_is_looked_for_is_a_note() -> None:
    """All that the file needs is libc, which is never searched."""
    finding = only(wheel(extension(rpath="lib", needed=("libc.musl-x86_64.so.1", "libc.so"))))

    assert (finding.code, finding.severity) == ("MUSL204", Severity.NOTE)


def test_a_search_path_is_used_for_what_a_needed_library_needs() -> None:
    """It is inherited: the library needs zlib, and has no path of its own."""
    outer = extension(rpath="$ORIGIN/../demo.libs:lib", needed=("libdemo.so.1",))
    finding = only(wheel(outer, library(needed=("libz.so.1",))))

    assert (finding.code, finding.severity) == ("MUSL204", Severity.ERROR)


def test_a_search_path_inside_the_wheel_is_fine() -> None:
    """That is how libraries are found."""
    assert codes(judged(wheel(extension(rpath="$ORIGIN/../demo.libs:$ORIGIN")))) == []


def test_libpython_is_a_warning() -> None:
    """The process has Python's symbols already."""
    assert codes(judged(wheel(extension(needed=("libpython3.12.so.1.0",), undefined=uses("PyList_New"))))) == [
        "MUSL205"
    ]


def test_private_symbols_of_zlib_are_a_warning() -> None:
    """inflate is public, inflate_table is not."""
    facts = wheel(extension(needed=("libz.so.1",), undefined=uses("inflate", "inflate_table")))

    assert codes(judged(facts)) in (["MUSL206"], ["MUSL102"])


def test_an_extension_for_another_architecture_is_an_error() -> None:
    """musl maps it, and the process crashes."""
    report = judged(wheel(extension(), extension("demo/_b.cpython-312-aarch64-linux-musl.so", identity=AARCH64)))

    assert codes(report) == ["MUSL301"]
    assert report.verdict.loads == "none"


def test_a_program_for_another_architecture_is_a_note() -> None:
    """Wheels carry such files on purpose."""
    facts = wheel(extension(), executable("demo/attach_arm", identity=AARCH64))

    assert only(facts).severity is Severity.NOTE


def test_a_needed_isa_level_is_a_warning() -> None:
    """x86-64-v3 dies with SIGILL on older processors."""
    assert codes(judged(wheel(extension(isa_needed=0b101)))) == ["MUSL302"]


def test_soft_float_arm_is_an_error() -> None:
    """A double that passes to libc is garbage."""
    elf = extension("demo/_demo.so", identity=ARMV7L, arm_float_abi="soft")

    assert codes(judged(wheel(elf, platform="musllinux_1_2_armv7l"))) == ["MUSL303"]


def test_packed_relocations_crash_before_1_2_4() -> None:
    """The tag is ignored, and pointers stay unrelocated."""
    report = judged(wheel(extension(packed_relocations=64)))

    assert codes(report) == ["MUSL401"]
    assert report.verdict.required_musl == release("1.2.4")
    assert "Alpine 3.13–3.17 (out of support since 2024-11)" in report.findings[0].impact


def test_packed_relocations_are_fine_above_the_floor() -> None:
    """--floor 1.2.4 promises only releases that apply them."""
    report = judged(wheel(extension(packed_relocations=64)), floor="1.2.4")

    assert (codes(report), report.claims[0].kept) == ([], True)
    assert report.verdict.required_musl == release("1.2.4")


def test_initial_exec_tls_is_refused_in_what_is_dlopened() -> None:
    """Static TLS is laid out when the program starts."""
    assert codes(judged(wheel(extension(initial_exec=frozenset({""}))))) == ["MUSL402"]


def test_rewritten_accesses_are_right_from_1_1_22_on() -> None:
    """Before, a thread's table of modules is filled only when somebody asks; no promised release is so old."""
    report = judged(wheel(extension(is_tls_rewritten=True)))

    assert codes(report) == []
    assert report.verdict.required_musl == release("1.1.22")


def test_rewritten_accesses_break_an_older_promise() -> None:
    """The same rule says so, and that another repair is no way out."""
    report = judged(wheel(extension(is_tls_rewritten=True)), floor="1.1.21")

    (finding,) = report.findings
    assert (finding.code, finding.fix.automatic if finding.fix else None) == ("MUSL402", False)


def test_initial_exec_tls_is_fine_in_a_program_and_what_it_starts_with() -> None:
    """Those libraries are there at start-up."""
    facts = wheel(executable("demo/tool", needed=("libdemo.so.1",), rpath=RPATH), library(initial_exec=frozenset({""})))

    assert codes(judged(facts)) == []


def test_irelative_relocations_are_refused() -> None:
    """No musl release supports them."""
    assert codes(judged(wheel(extension(relocation_types=frozenset({8, 37}))))) == ["MUSL403"]


def test_an_indirect_function_that_is_used_is_invisible() -> None:
    """find_sym does not accept STT_GNU_IFUNC."""
    elf = extension(ifuncs=frozenset({"f"}), referenced_definitions=frozenset({"f"}))

    assert codes(judged(wheel(elf))) == ["MUSL403"]


def test_an_indirect_function_that_nobody_uses_is_harmless() -> None:
    """Nothing is looked up."""
    assert codes(judged(wheel(extension(ifuncs=frozenset({"f"}))))) == []


def test_an_executable_stack_is_a_note_for_libraries_and_a_warning_for_programs() -> None:
    """The kernel honours the flag of a program only."""
    report = judged(wheel(extension(is_stack_executable=True), executable(is_stack_executable=True)))

    assert sorted(finding.severity for finding in report.findings) == ["note", "warning"]


def test_text_relocations_are_a_note() -> None:
    """musl honours DT_TEXTREL."""
    assert codes(judged(wheel(extension(has_text_relocations=True)))) == ["MUSL405"]


def test_an_unknown_relocation_type_is_refused() -> None:
    """R_X86_64_SIZE32 was seen failing."""
    assert codes(judged(wheel(extension(relocation_types=frozenset({32}))))) == ["MUSL406"]


def test_a_zero_length_segment_is_mapped_from_1_2_3_on() -> None:
    """mmap of nothing is EINVAL before."""
    assert only(wheel(extension(zero_length_segments=1))).fails_on == {release("1.2.2")}


def test_a_weak_thread_local_reference_to_nobody_crashes_the_loader() -> None:
    """Every other weak reference is 0."""
    undefined = (Symbol("variable", is_weak=True),)
    elf = extension(undefined=undefined, thread_local=frozenset({"variable"}))

    assert codes(judged(wheel(elf))) == ["MUSL408"]
    assert not codes(judged(wheel(extension(undefined=undefined))))


def test_an_unreadable_library_is_an_error_and_test_data_a_warning() -> None:
    """It matters where something would load it."""
    facts = wheel(extension())
    problems = (
        Problem(ProblemKind.UNREADABLE_ELF, ("demo/libx.so",), "truncated"),
        Problem(ProblemKind.UNREADABLE_ELF, ("demo/t.bin",), "x"),
    )
    from dataclasses import replace

    report = judged(replace(facts, elf_problems=problems))

    assert [finding.severity for finding in report.findings] == [Severity.ERROR, Severity.WARNING]


def test_a_file_without_a_hash_table_crashes_the_loader() -> None:
    """Neither DT_HASH nor DT_GNU_HASH: find_sym follows a null pointer."""
    assert codes(judged(wheel(extension(has_hash_table=False)))) == ["MUSL901"]


def test_a_series_without_data_is_not_judged() -> None:
    """Nothing is guessed about musl 1.0."""
    report = judged(wheel(extension(), platform="musllinux_1_0_x86_64"))

    assert (codes(report), report.claims[0].kept) == (["MUSL902"], None)


def test_an_unknown_architecture_is_not_judged() -> None:
    """A claim that cannot be judged is neither kept nor broken."""
    report = judged(wheel(library(), platform="musllinux_1_2_mips64"))

    assert ("MUSL902" in codes(report), report.claims[0].kept) == (True, None)
