"""What of a page an installer would take, and in which order."""

from packaging.specifiers import SpecifierSet

from musl_audit.environment.destination import Destination
from musl_audit.model import MuslVersion
from musl_audit.wheel.offers import OfferedFile, Wanted, admitted, offered_versions, version_of

HERE = Destination(MuslVersion(1, 2, 2), "x86_64", "3.11")
WANTED = Wanted(HERE.tags, HERE.pythons)
MUSL = "cp311-cp311-musllinux_1_2_x86_64.whl"


def file(filename: str, *, requires: str | None = None, is_yanked: bool = False) -> OfferedFile:
    return OfferedFile(filename, f"http://index.invalid/{filename}", requires_python=requires, is_yanked=is_yanked)


def versions(*files: OfferedFile, said: str = "", with_prereleases: bool = False) -> list[str]:
    found = offered_versions("demo", files, WANTED)
    chosen = admitted(found, SpecifierSet(said), with_prereleases=with_prereleases)
    return [item.version for item in chosen]


def names(*files: OfferedFile) -> list[str]:
    found = offered_versions("demo", files, WANTED)
    return [offer.file.filename for item in found.values() for offer in item.offers]


def test_versions_come_newest_first() -> None:
    """Versions are ordered as PEP 440 does, not as text."""
    assert versions(*(file(f"demo-{number}-{MUSL}") for number in ("1.9", "1.10", "1.2"))) == ["1.10", "1.9", "1.2"]


def test_only_wheels_for_the_destination_fit() -> None:
    """Another Python, architecture or platform, and a later musl series, fit nobody."""
    others = (
        "cp312-cp312-musllinux_1_2_x86_64",
        "cp311-cp311-musllinux_1_2_aarch64",
        "cp311-cp311-win_amd64",
        "cp311-cp311-manylinux_2_17_x86_64",
        "cp311-cp311-musllinux_1_3_x86_64",
        "cp311-cp311t-musllinux_1_2_x86_64",
    )

    assert names(*(file(f"demo-1.0-{tags}.whl") for tags in others), file("demo-1.0.tar.gz")) == []


def test_the_best_tag_comes_first() -> None:
    """As installers go: the own ABI before the stable one, the later musl series before the earlier, any last."""
    best = [
        "cp311-cp311-musllinux_1_2_x86_64",
        "cp311-cp311-musllinux_1_1_x86_64",
        "cp311-abi3-musllinux_1_2_x86_64",
        "cp39-abi3-musllinux_1_2_x86_64",
        "py3-none-musllinux_1_1_x86_64",
        "py3-none-any",
    ]
    files = [file(f"demo-1.0-{tags}.whl") for tags in best]

    assert names(*reversed(files)) == [item.filename for item in files]


def test_the_highest_build_comes_first() -> None:
    """Builds are compared by number, and any is better than none."""
    builds = [f"demo-1.0-{build}{MUSL}" for build in ("10-", "9b-", "9a-", "")]

    assert sorted(names(*(file(name) for name in builds)), key=builds.index) == builds
    assert names(*(file(name) for name in builds))[0] == builds[0]


def test_requires_python_refuses_before_anything_is_fetched() -> None:
    """A file for a later Python is none."""
    assert versions(file(f"demo-2-{MUSL}", requires=">=3.12"), file(f"demo-1-{MUSL}", requires=">=3.8")) == ["1"]


def test_requires_python_that_cannot_be_read_refuses_nobody() -> None:
    """So pip has it."""
    assert versions(file(f"demo-1-{MUSL}", requires="three")) == ["1"]


def test_an_unknown_patch_release_gets_the_benefit() -> None:
    """3.11 may be 3.11.0 and 3.11.9."""
    assert versions(file(f"demo-2-{MUSL}", requires=">=3.11.4"), file(f"demo-1-{MUSL}", requires="!=3.11.9")) == [
        "2",
        "1",
    ]


def test_prereleases_count_where_nothing_else_is_left() -> None:
    """So the version specifiers of packaging have it."""
    assert versions(file(f"demo-2rc1-{MUSL}"), file(f"demo-1-{MUSL}")) == ["1"]
    assert versions(file(f"demo-2rc1-{MUSL}")) == ["2rc1"]
    assert versions(file(f"demo-2rc1-{MUSL}"), file(f"demo-1-{MUSL}"), said=">=2rc1") == ["2rc1"]
    assert versions(file(f"demo-2rc1-{MUSL}"), file(f"demo-1-{MUSL}"), with_prereleases=True) == ["2rc1", "1"]


def test_yanked_files_count_where_they_are_pinned() -> None:
    """PEP 592: a yanked file is for who names its very version."""
    yanked = file(f"demo-2-{MUSL}", is_yanked=True)

    assert versions(yanked, file(f"demo-1-{MUSL}")) == ["1"]
    assert versions(yanked, said="==2") == ["2"]
    assert versions(yanked, said="==2.*") == []
    assert versions(yanked) == []


def test_files_of_another_project_are_passed_by() -> None:
    """A page may hold anything."""
    assert versions(file(f"other-9-{MUSL}"), file(f"Demo-1-{MUSL}"), file(f"demo_more-3-{MUSL}")) == ["1"]


def test_a_version_that_is_none_is_passed_by() -> None:
    """Old projects have such files."""
    assert versions(file(f"demo-unknown-{MUSL}"), file(f"demo-1-{MUSL}"), file("nonsense.whl")) == ["1"]


def test_versions_of_source_distributions_are_told() -> None:
    """The name may hold dashes, and be written in any way."""
    assert version_of("Zope.Interface-5.0.tar.gz", "zope-interface") == "5.0"
    assert version_of("demo-1.0-1.zip", "demo") == "1.0-1"
    assert version_of("other-1.0.tar.gz", "demo") is None
    assert version_of("demo.txt", "demo") is None
