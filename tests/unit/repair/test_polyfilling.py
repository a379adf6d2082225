"""Which functions are added to which files, and which are not."""

from dataclasses import replace

import pytest
from tests.support.fake_libraries import FactLibraries
from tests.support.values import catalog, executable, extension, library, uses, wheel

from musl_audit.adapters.polyfills import ShippedPolyfills
from musl_audit.judging.settings import Settings
from musl_audit.model import ElfFacts, Severity, WheelFacts
from musl_audit.repair.actions import (
    AddNeeded,
    AddPolyfill,
    MoveBehindShim,
    RepairSettings,
    Retag,
    SetRunpath,
    UnpackRelocations,
)
from musl_audit.repair.plan import Proposal, propose


def proposal(facts: WheelFacts, repair: RepairSettings | None = None, *, floor: str | None = None) -> Proposal:
    """Return what is proposed for *facts* on a system that has ``libone.so``, which calls ``qsort_r``."""
    libraries = FactLibraries({"libone.so": library("/usr/lib/libone.so", undefined=uses("qsort_r"))})
    settings, repair = Settings(floor=floor), repair or RepairSettings()
    found = propose(facts, catalog(), settings, repair, lambda _: libraries, polyfills=ShippedPolyfills)
    assert isinstance(found, Proposal)
    return found


def added(found: Proposal) -> dict[str, tuple[str, ...]]:
    """Return what is added, and to which files."""
    return {action.symbol: action.needed_by for action in found.plan.actions if isinstance(action, AddPolyfill)}


def test_a_function_that_a_promised_musl_lacks_is_added() -> None:
    """The file needs it behind all else, finds it by its search path, and the promise is kept then."""
    file = extension(undefined=uses("qsort_r"), rpath="$ORIGIN/there")

    found = proposal(wheel(file))

    new, needed, path, retag = found.plan.actions
    assert isinstance(new, AddPolyfill)
    name = new.member.removeprefix("demo.libs/")
    assert name.startswith("libmusl-polyfill-qsort_r-")
    assert needed == AddNeeded(file.path, name)
    assert path == SetRunpath(file.path, ("$ORIGIN/there", "$ORIGIN/../demo.libs"))
    assert isinstance(retag, Retag)
    assert found.plan.refusals == ()
    (predicted,) = (elf for elf in found.predicted.elves if elf.path == file.path)
    assert predicted.needed == ("libc.so", name)


@pytest.mark.parametrize(
    "files",
    [
        [extension(undefined=uses("qsort_r", is_weak=True))],
        [extension(undefined=uses("gettid"))],
        [
            extension(undefined=uses("qsort_r"), needed=("libc.so", "libdemo.so.1"), rpath="$ORIGIN/../demo.libs"),
            library(defined=frozenset({"qsort_r"})),
        ],
    ],
    ids=["weak", "not newer than the floor", "brought along"],
)
def test_what_loads_as_it_is_is_left_alone(files: list[ElfFacts]) -> None:
    """A weak reference, one to what every promised release has, and a wheel that brings its own."""
    assert added(proposal(wheel(*files))) == {}


@pytest.mark.parametrize("options", [RepairSettings(polyfill=False), RepairSettings(fix=False)])
def test_nothing_is_added_where_the_user_does_not_want_it(options: RepairSettings) -> None:
    """``--no-polyfill`` and ``--no-fix``; the refusal says so."""
    found = proposal(wheel(extension(undefined=uses("qsort_r"))), options)

    assert added(found) == {}
    assert any("is why: repair mends MUSL101" in refusal for refusal in found.plan.refusals)


def test_a_floor_that_has_the_function_needs_no_polyfill() -> None:
    """Only what a promised release lacks is added."""
    assert added(proposal(wheel(extension(undefined=uses("qsort_r"))), floor="1.2.3")) == {}


@pytest.mark.parametrize("kind", ["object", "tls"])
def test_a_variable_of_the_same_name_is_refused(kind: str) -> None:
    """A function cannot stand in for it, and the refusal says why."""
    (symbol,) = uses("qsort_r")

    found = proposal(wheel(extension(undefined=(replace(symbol, type=kind),))))

    assert added(found) == {}
    assert "the file takes for a variable what is a function in libc" in found.plan.refusals[0]


def test_a_thread_local_relocation_makes_a_variable() -> None:
    """Whatever the type of the symbol, as for the loader."""
    file = extension(undefined=uses("qsort_r"), thread_local=frozenset({"qsort_r"}))

    assert added(proposal(wheel(file))) == {}


def test_what_cannot_be_added_is_refused_by_name() -> None:
    """``_Fork`` needs what only libc has."""
    found = proposal(wheel(extension(undefined=uses("_Fork")), platform="musllinux_1_1_x86_64"))

    assert "_Fork" in found.plan.refusals[0]
    assert "libc keeps the thread's id" in found.plan.refusals[0]


def test_a_library_that_is_grafted_gets_what_it_lacks() -> None:
    """The plan is made for the wheel as it will be: with what came from outside."""
    found = proposal(wheel(extension(needed=("libone.so",))))

    ((symbol, users),) = added(found).items()
    assert symbol == "qsort_r"
    assert users[0].startswith("demo.libs/libone-")
    paths = [action.entries for action in found.plan.actions if isinstance(action, SetRunpath)]
    assert paths == [("$ORIGIN/../demo.libs",), ("$ORIGIN",)]
    assert found.plan.refusals == ()


def test_one_library_serves_all_who_need_it() -> None:
    """And unpacking is done as well."""
    first = extension(undefined=uses("qsort_r", "statx"), packed_relocations=64)
    second = extension("demo/_other.cpython-312-x86_64-linux-musl.so", undefined=uses("qsort_r"))

    found = proposal(wheel(first, second))

    assert added(found) == {"qsort_r": (first.path, second.path), "statx": (first.path,)}
    assert any(isinstance(action, UnpackRelocations) for action in found.plan.actions)


def test_a_program_moves_to_where_it_finds_the_function() -> None:
    """No search path leads from ``bin`` into the wheel's libraries; libc stays before the polyfill."""
    found = proposal(wheel(executable(undefined=uses("qsort_r"))))

    assert any(isinstance(action, MoveBehindShim) for action in found.plan.actions)
    (program,) = (elf for elf in found.predicted.elves if elf.path.endswith("/demo"))
    assert program.needed[0] == "libc.musl-x86_64.so.1"
    assert found.plan.refusals == ()


def test_a_program_without_libc_is_refused() -> None:
    """The polyfill would come first on newer musl, too."""
    program = executable("demo/bin/tool", needed=(), undefined=uses("qsort_r"))

    found = proposal(wheel(program))

    assert any("whose own the polyfill would hide" in refusal for refusal in found.plan.refusals)
    assert added(found) == {}


def test_an_architecture_without_the_library_is_refused() -> None:
    """armv6l, whose files cannot be told from those of armv7l and cannot use the same."""
    file = replace(
        extension("demo/_demo.cpython-312-arm-linux-musleabihf.so", undefined=uses("qsort_r")),
        identity=replace(extension().identity, machine=40, bits=32, flags=0x05000400),
    )

    found = proposal(wheel(file, platform="musllinux_1_2_armv6l"))

    assert any("it is not built for armv6l" in refusal for refusal in found.plan.refusals)


def test_an_older_polyfill_is_kept() -> None:
    """A wheel that was repaired before lacks nothing: it keeps what it has, and the result is the same bytes."""
    old = library("demo.libs/libmusl-polyfill-qsort_r-00000001.so", defined=frozenset({"qsort_r"}))
    file = extension(
        undefined=uses("qsort_r"),
        needed=("libc.so", "libmusl-polyfill-qsort_r-00000001.so"),
        rpath="$ORIGIN/../demo.libs",
    )

    assert proposal(wheel(file, old)).plan.actions == ()


def test_a_file_in_the_way_is_refused() -> None:
    """One of the same name that is no polyfill."""
    file = extension(undefined=uses("qsort_r"))
    name = next(action.member for action in proposal(wheel(file)).plan.actions if isinstance(action, AddPolyfill))

    found = proposal(wheel(file, library(name)))

    assert any("the wheel has another file where its polyfill would go" in reason for reason in found.plan.refusals)


def test_newer_musl_says_no_more_than_a_note() -> None:
    """libc's definition wins there, which is the point: MUSL105 without a warning, pthread or not."""
    report = proposal(wheel(extension(undefined=uses("qsort_r", "pthread_getname_np")))).report

    assert {finding.severity for finding in report.findings} == {Severity.NOTE}
    assert {finding.code for finding in report.findings} == {"MUSL105"}
