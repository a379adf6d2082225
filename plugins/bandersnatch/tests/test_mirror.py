"""A real bandersnatch mirrors a local index: what it holds then is what loads."""

from collections.abc import Generator
from pathlib import Path

import pytest
from tests.conftest import Miss
from tests.support.cli import wheel
from tests.support.indexes import Site, file_reply, grafted_wheel, packed_library, served, write_wheel
from tests.support.mirrors import BANDERSNATCH, mirror, upstream

from musl_audit import admit

LARGE = "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl"
PURE = "pure-1.0-py3-none-any.whl"
NAMES = (
    "clean_x86_64",
    "clean_aarch64",
    "packed_relocations_x86_64",
    "missing_qsort_r",
    "missing_statx",
    "initial_exec_extension_x86_64",
    "glibc_program",
    "musllinux_1_1",
)


@pytest.fixture
def site(tmp_path: Path, miss: Miss) -> Generator[Site]:
    """Test wheels, one large enough for a probe, and a pure one."""
    if not BANDERSNATCH.exists():
        miss("clients")
    wheels = [wheel(name) for name in NAMES]
    wheels.append(grafted_wheel(tmp_path, LARGE, packed_library()))
    wheels.append(write_wheel(tmp_path / PURE, {"pure.py": b""}))
    with served(upstream(wheels)) as site:
        yield site


def named(*names: str) -> set[str]:
    return {PURE, *(wheel(name).name for name in names)}


@pytest.mark.parametrize("judge", ["probe", "file"])
def test_the_mirror_holds_exactly_what_loads(judge: str, site: Site, tmp_path: Path) -> None:
    """On musl 1.2.2 (Alpine 3.15 has added `qsort_r` to it); of the large file a few ranges were enough."""
    held = mirror(tmp_path / "mirror", site, f"[musl_audit]\non = 1.2.2\njudge = {judge}\n")

    assert held.code == 0, held.text[-2000:]
    assert held.files == named("clean_x86_64", "clean_aarch64", "musllinux_1_1")
    assert held.files == {PURE} | {wheel(name).name for name in NAMES if admit(wheel(name)).is_admitted}, (
        "and so says the judge of whole wheels"
    )
    assert "leaves out missing_qsort_r-1.0" in held.text
    assert "does not load on 1.2.2: " in held.text
    assert "musl-audit left out 6 of 9 wheels for musl" in held.text
    asked = [asked for asked in site.asked if asked.path.endswith(LARGE)]
    assert asked
    assert all(item.range for item in asked), "the large file was never read as a whole"


def test_a_mirror_of_several_releases_keeps_what_loads_on_one_of_them(site: Site, tmp_path: Path) -> None:
    """`keep = all` is stricter."""
    wide = mirror(tmp_path / "any", site, "[musl_audit]\non = 1.2.2 1.2.4\n")
    strict = mirror(tmp_path / "all", site, "[musl_audit]\non = 1.2.2 1.2.4\nkeep = all\n")

    loads = ("clean_x86_64", "clean_aarch64", "musllinux_1_1")
    assert wide.files == named(*loads, "packed_relocations_x86_64", "missing_qsort_r") | {LARGE}
    assert strict.files == named(*loads)


def test_a_dry_run_mirrors_everything_and_says_what_it_would_leave_out(site: Site, tmp_path: Path) -> None:
    """With the counts."""
    held = mirror(tmp_path / "mirror", site, "[musl_audit]\non = 1.2.2\ndry-run = true\n")

    assert held.files == named(*NAMES) | {LARGE}
    assert "would leave out demo-1.0" in held.text
    assert "musl-audit would leave out 6 of 9 wheels for musl" in held.text


@pytest.mark.parametrize(("unjudgeable", "is_there"), [("keep", True), ("drop", False)])
def test_what_cannot_be_judged_stays_unless_the_mirror_drops_it(
    unjudgeable: str, is_there: bool, site: Site, tmp_path: Path
) -> None:
    """Half an archive: bandersnatch itself takes no offence, where the index gives its digest."""
    name = wheel("clean_x86_64").name
    broken = write_wheel(tmp_path / name, {}).read_bytes()[:-40]
    (tmp_path / name).write_bytes(broken)
    with served(upstream([tmp_path / name])) as other:
        settings = f"[musl_audit]\non = alpine-3.15\nunjudgeable = {unjudgeable}\n"
        held = mirror(tmp_path / "mirror", other, settings)

    assert held.files == ({name} if is_there else set())
    assert "1 could not be judged" in held.text


def test_a_file_that_the_server_does_not_give_is_told(site: Site, tmp_path: Path) -> None:
    """Its digest is not what the index says: never a verdict."""
    name = wheel("clean_x86_64").name
    site.replies[f"/packages/{name}"] = file_reply(b"another file")

    held = mirror(tmp_path / "mirror", site, "[musl_audit]\non = alpine-3.15\nunjudgeable = drop\n")

    assert name not in held.files
    assert f"musl-audit cannot judge {name}" in held.text


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("[musl_audit]\non = alpine-3.150\n", "musl-audit: alpine-3.150: neither a distribution"),
        ("[musl_audit]\non = alpine-3.15\nkep = all\n", "musl-audit: [musl_audit] kep: no such setting"),
        ("", "musl-audit: [musl_audit] on: name what the mirror serves"),
    ],
    ids=["place", "key", "nothing"],
)
def test_wrong_settings_end_the_run_before_anything_is_asked(
    settings: str, said: str, site: Site, tmp_path: Path
) -> None:
    """With one line."""
    held = mirror(tmp_path / "mirror", site, settings)

    assert held.code != 0
    assert said in held.text
    assert not site.asked
