"""Which libraries are copied, where they are searched, and how they are found in the wheel."""

from dataclasses import replace

import pytest
from tests.support.fake_libraries import FactLibraries
from tests.support.values import catalog, executable, extension, library, wheel

from musl_audit.loader.linkage import link
from musl_audit.model import ElfFacts, WheelFacts
from musl_audit.repair.actions import DropNeeded, Graft, ReplaceNeeded, SetRunpath, SetSoname
from musl_audit.repair.grafts import Grafting, Grafts, GraftSettings


def plan(
    facts: WheelFacts, libraries: FactLibraries, exclude: tuple[str, ...] = (), *, is_mending: bool = True
) -> Grafts:
    linkage = link(facts, catalog().arches["x86_64"], catalog(), exclude)
    taken = [member.name for member in facts.members]
    return Grafting(GraftSettings("demo.libs", exclude), catalog(), libraries, taken=taken).plan(
        linkage, is_mending=is_mending
    )


def outside(name: str, *needed: str, **facts: object) -> ElfFacts:
    return library(f"/usr/lib/{name}", needed=(*needed, "libc.musl-x86_64.so.1"), **facts)


def grafted(grafts: Grafts) -> dict[str, str]:
    """Return what was needed → the member's name."""
    return {action.soname: action.member for action in grafts.actions if isinstance(action, Graft)}


def test_a_library_is_renamed_by_its_digest_and_found() -> None:
    """Graft, name inside, the way of who needs it, and its need."""
    member = extension(needed=("libone.so.1",))

    grafts = plan(wheel(member), FactLibraries({"libone.so.1": outside("libone.so.1.2")}))

    (new,) = grafted(grafts).values()
    name = new.rpartition("/")[2]
    assert name.startswith("libone-")
    assert name.endswith(".so.1.2")
    assert grafts.actions[1:] == (
        SetSoname(new, name),
        SetRunpath(member.path, ("$ORIGIN/../demo.libs",)),
        ReplaceNeeded(member.path, "libone.so.1", name),
    )


def test_what_is_needed_in_turn_comes_too_and_each_library_once() -> None:
    """A diamond, and a circle in it."""
    libraries = FactLibraries(
        {
            "a.so": outside("a.so", "b.so", "c.so"),
            "b.so": outside("b.so", "d.so"),
            "c.so": outside("c.so", "d.so"),
            "d.so": outside("d.so", "a.so"),
        }
    )

    grafts = plan(wheel(extension(needed=("a.so",))), libraries)

    assert sorted(grafted(grafts)) == ["a.so", "b.so", "c.so", "d.so"]
    assert sorted(soname for soname, _ in libraries.asked) == ["a.so", "b.so", "c.so", "d.so"]


def test_two_names_of_one_file_are_one_graft() -> None:
    """``libone.so`` and ``libone.so.1`` are links to the same library."""
    facts = outside("libone.so.1.2")

    grafts = plan(
        wheel(extension(needed=("libone.so", "libone.so.1"))), FactLibraries({"libone.so": facts, "libone.so.1": facts})
    )

    assert len(grafted(grafts)) == 1
    assert len([action for action in grafts.actions if isinstance(action, ReplaceNeeded)]) == 2


def test_the_search_goes_up_the_chain_of_who_needed_whom() -> None:
    """The file's own path first, then that of the one which needed it; not that of its neighbours."""
    root = extension(needed=("libmine.so", "libother.so"), runpath="/root:$ORIGIN/../demo.libs")
    mine = library("demo.libs/libmine.so", needed=("libfar.so",), rpath="/mine")
    other = library("demo.libs/libother.so", rpath="/other")
    libraries = FactLibraries({"libfar.so": outside("libfar.so")})

    plan(wheel(root, mine, other), libraries)

    assert libraries.asked == [("libfar.so", ("/mine", "/root", "$ORIGIN/../demo.libs"))]


def test_origin_of_a_library_outside_is_where_it_was_found() -> None:
    """And its path comes before that of who needed it."""
    libraries = FactLibraries(
        {"a.so": outside("a.so", "b.so", runpath="$ORIGIN/sub:/x"), "b.so": outside("b.so")}, directory="/opt/lib"
    )

    plan(wheel(extension(needed=("a.so",), rpath="/build")), libraries)

    assert libraries.asked == [("a.so", ("/build",)), ("b.so", ("/opt/lib/sub", "/x", "/build"))]


def test_a_path_that_musl_ignores_is_not_searched() -> None:
    """Any other ``$`` makes the whole path void."""
    libraries = FactLibraries({"a.so": outside("a.so")})

    plan(wheel(extension(needed=("a.so",), rpath="/build:$LIB")), libraries)

    assert libraries.asked == [("a.so", ())]


def test_a_library_that_the_wheel_has_is_not_brought_again() -> None:
    """The graft is led to it."""
    root = extension(needed=("libbundled.so", "a.so"), runpath="$ORIGIN/lib")
    bundled = library("demo/lib/libbundled.so")
    libraries = FactLibraries({"a.so": outside("a.so", "libbundled.so"), "libbundled.so": outside("libbundled.so")})

    grafts = plan(wheel(root, bundled), libraries)

    (new,) = grafted(grafts).values()
    assert SetRunpath(new, ("$ORIGIN/../demo/lib",)) in grafts.actions


def test_what_everybody_has_and_what_is_excluded_is_not_brought() -> None:
    """libc under any name, zlib, and what the user brings."""
    libraries = FactLibraries(
        {"a.so": outside("a.so", "libz.so.1", "libuser.so.2", "libm.so.6", "ld-musl-x86_64.so.1")}
    )

    grafts = plan(wheel(extension(needed=("a.so",))), libraries, ("libuser.so.*",))

    assert (list(grafted(grafts)), grafts.refusals) == (["a.so"], ())


def test_libpython_is_dropped_with_a_warning() -> None:
    """From extensions and from what is grafted for them; a program that embeds Python needs it."""
    root = extension(needed=("libpython3.12.so.1.0", "a.so"))
    program = executable(needed=("libpython3.12.so.1.0",))
    libraries = FactLibraries({"a.so": outside("a.so", "libpython3.12.so.1.0")})

    grafts = plan(wheel(root, program), libraries)

    new = grafted(grafts)["a.so"]
    drops = [action for action in grafts.actions if isinstance(action, DropNeeded)]
    assert sorted(drop.member for drop in drops) == sorted([new, root.path])
    assert len(grafts.notes) == 2


def test_what_is_missing_names_all_who_need_it() -> None:
    """Each library once, with the reason."""
    one, two = extension("demo/one.so", needed=("gone.so",)), extension("demo/two.so", needed=("gone.so",))

    grafts = plan(wheel(one, two), FactLibraries({}))

    assert grafts.refusals == ("gone.so, needed by demo/one.so, demo/two.so: not found anywhere",)


def test_what_one_path_finds_serves_all() -> None:
    """A program without a search path has the library that the extension's path leads to."""

    class ByPath(FactLibraries):
        def find(self, soname, entries):  # type: ignore[no-untyped-def]
            return super().find(soname if "/deep" in [entry.directory for entry in entries] else "gone", entries)

    first, second = (
        extension("demo/a.so", needed=("deep.so",)),
        extension("demo/b.so", needed=("deep.so",), rpath="/deep"),
    )

    grafts = plan(wheel(first, second), ByPath({"deep.so": outside("deep.so")}))

    assert (grafts.refusals, len([a for a in grafts.actions if isinstance(a, ReplaceNeeded)])) == ((), 2)


@pytest.mark.parametrize(
    ("runpath", "expected"),
    [
        ("/build/lib:$ORIGIN/../demo.libs", ("$ORIGIN/../demo.libs",)),
        ("$ORIGIN/../..", ()),
        ("relative", ()),
        ("$ORIGIN/../demo.libs:$LIB", ()),
        ("$ORIGIN", None),
    ],
)
def test_foreign_search_paths_are_removed(runpath: str, expected: tuple[str, ...] | None) -> None:
    """What leads into the wheel is kept; a path that is fine is not touched."""
    member = extension(runpath=runpath)

    grafts = plan(wheel(member), FactLibraries({}))

    assert grafts.actions == (() if expected is None else (SetRunpath(member.path, expected),))


def test_without_mending_search_paths_stay() -> None:
    """``--no-fix``, where nothing is grafted for the file."""
    assert plan(wheel(extension(rpath="/build")), FactLibraries({}), is_mending=False).actions == ()


def test_an_unreachable_library_of_the_wheel_is_reached() -> None:
    """By the nearest of several; another installation tree cannot be reached."""
    member = extension(needed=("libnear.so",))
    near, far = library("demo/lib/libnear.so"), library("other/deep/down/libnear.so")

    grafts = plan(wheel(member, near, far), FactLibraries({}))
    lost = plan(wheel(member, library("demo-1.0.data/data/lib/libnear.so")), FactLibraries({}))

    assert grafts.actions == (SetRunpath(member.path, ("$ORIGIN/lib",)),)
    assert "another installation tree" in lost.refusals[0]


def test_a_file_in_the_way_is_not_replaced() -> None:
    """Whatever its case."""
    libraries = FactLibraries({"a.so": outside("a.so")})
    facts = wheel(extension(needed=("a.so",)))
    (new,) = grafted(plan(facts, libraries)).values()

    refused = plan(wheel(extension(needed=("a.so",)), others=(new.upper(),)), libraries)

    assert grafted(refused) == {}
    (refusal,) = refused.refusals
    assert refusal.startswith("a.so, needed by demo/")
    assert refusal.endswith(f": the wheel has another file where it would go, {new}")


def test_a_path_of_both_kinds_becomes_one() -> None:
    """musl reads RUNPATH and leaves RPATH alone; the result has one path."""
    member = replace(extension(), rpath="$ORIGIN/a", runpath="$ORIGIN/b")

    assert plan(wheel(member), FactLibraries({})).actions == (SetRunpath(member.path, ("$ORIGIN/b",)),)
