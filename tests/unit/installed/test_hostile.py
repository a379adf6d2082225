"""What may lie where packages are installed and is none of it: one sentence each, and never a way out of the root."""

import os
import stat
from pathlib import Path

import pytest
from tests.support.installations import SITE, answers, module_of, put
from tests.support.roots import Root, alpine

from musl_audit.adapters.installed.projects import Projects, files_below
from musl_audit.adapters.installed.reading import read_project, with_facts
from musl_audit.adapters.installed.recurring import RecurringFiles
from musl_audit.adapters.tree import Tree
from musl_audit.environment.installed.values import ProjectFacts
from musl_audit.errors import ElfError
from musl_audit.workflows.explaining import explain

GOOD = "clean_x86_64"
MODULE = module_of(GOOD)[1]


@pytest.fixture
def root(tmp_path: Path) -> Root:
    """Return an Alpine with one good package."""
    return put(alpine(tmp_path / "root"), GOOD)


def info(root: Root, record: str | bytes) -> Root:
    """Put a package there whose RECORD is *record*."""
    folder = f"{SITE}/bad-1.0.dist-info"
    return root.file(f"{folder}/METADATA", "Name: bad\nVersion: 1.0\n").file(f"{folder}/RECORD", record)


@pytest.mark.parametrize(
    "rows",
    [
        "../../../../../../../../etc/shadow,,\n",
        "/etc/passwd,,\n",
        "/dev/zero,,\n",
        "../../../../../../../../../../proc/self/mem,,\n",
        "a\0b,,\n",
        "demo/../../x,,\n./demo//y,,\n",
        "one column\n",
    ],
)
def test_rows_that_lead_elsewhere_are_files_that_are_not_there(rows: str, root: Root) -> None:
    """Inside the root nothing of it exists; of the host nothing is looked at."""
    found = answers(info(root, rows))

    assert found["bad"].binaries == 0
    assert found[GOOD].loads
    assert not found["bad"].unread


def test_pipes_and_devices_are_not_waited_for(root: Root) -> None:
    """A FIFO under the name of a module, and a folder."""
    info(root, "bad/pipe.so,,\nbad/folder.so,,\n")
    (root.path / SITE[1:] / "bad/folder.so").mkdir(parents=True)
    os.mkfifo(root.path / SITE[1:] / "bad/pipe.so")

    assert answers(root)["bad"].binaries == 0


NOISE = {"binary": b"\xff\xfe\x00binary" * 100, "quotes": b'"open quote,,\n' * 10, "random": os.urandom(4096)}


@pytest.mark.parametrize("record", NOISE.values(), ids=NOISE)
def test_noise_for_a_record_is_no_crash(record: bytes, root: Root) -> None:
    """Whatever it means, the rest is judged."""
    found = answers(info(root, record))

    assert found[GOOD].loads
    assert "bad" in found


def test_more_rows_than_anybody_has_are_not_all_read(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer says that it is incomplete, and the exit code is 4."""
    monkeypatch.setattr("musl_audit.adapters.installed.projects._MOST_ROWS", 1000)
    info(root, "".join(f"bad/{number:07},,\n" for number in range(1001)))

    found = explain(root=root.path)

    assert found.findings[-1].code == "ENV904"
    assert found.exit_code() == 4


def test_metadata_that_is_no_folder_is_told(root: Root) -> None:
    """`x.dist-info` is a file."""
    root.file(f"{SITE}/bad-1.0.dist-info", "text")

    assert answers(root)["bad"].unread == (f"{SITE}/bad-1.0.dist-info: not a folder",)


def test_links_in_a_circle_end(root: Root) -> None:
    """A site-packages, a module, a folder of a package."""
    info(root, "bad/loop.so,,\nbad/up/up/up/x.so,,\n")
    root.link(f"{SITE}/bad/loop.so", "loop.so").link(f"{SITE}/bad/up", "..").link(f"{SITE}/circle.pth", "circle.pth")

    assert answers(root)["bad"].missing


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_told_and_the_rest_goes_on(root: Root) -> None:
    """Exit code 4."""
    info(root, "bad/_core.so,,\n").file(f"{SITE}/bad/_core.so", b"\x7fELF", mode=0)

    assert explain(root=root.path).exit_code() == 4


def test_what_goes_away_between_its_listing_and_its_reading_is_told(root: Root) -> None:
    """An installer is at work at the same time: the rest of the package goes on."""
    tree = Tree(str(root.path))
    info(root, "bad/_core.so,,\nbad/_gone.so,,\n").file(f"{SITE}/bad/_core.so", MODULE)
    root.file(f"{SITE}/bad/_gone.so", MODULE)
    listing = Projects(tree).listing(f"{SITE}/bad-1.0.dist-info")
    root.without(f"{SITE}/bad/_gone.so")

    facts = read_project(tree, listing)

    assert [elf.path for elf in facts.elves] == [f"{SITE}/bad/_core.so"]
    assert facts.unread == (f"{SITE}/bad/_gone.so: does not exist",)


def test_a_damaged_binary_does_not_load_and_says_so(root: Root) -> None:
    """It begins as one, and ends early."""
    info(root, "bad/_core.so,,\n").file(f"{SITE}/bad/_core.so", b"\x7fELF\2\1\1" + bytes(20))

    assert answers(root)["bad"].loads is False


def test_metadata_of_any_text_is_a_name(root: Root) -> None:
    """Escapes of terminals, no name at all, a folder called like an option."""
    root.file(f"{SITE}/-x-1.dist-info/METADATA", "Name: \x1b[31mred\nVersion: 1\n")
    root.file(f"{SITE}/.dist-info/METADATA", "")

    names = {answer.project.name for answer in explain(root=root.path).environment.installations[0].answers}

    assert "\x1b[31mred" in names


def test_nothing_is_written(root: Root) -> None:
    """Not a name, not a byte, not a permission."""
    before = snapshot(root.path)

    explain(root=root.path)

    assert snapshot(root.path) == before


def test_names_that_overlap_without_end_are_told_with_their_file(root: Root) -> None:
    """Names are made when the judge asks: then all are, of each file, so that the one at fault is known."""
    tree = Tree(str(root.path))
    info(root, "demo/_core.so,,\n").file(f"{SITE}/demo/_core.so", MODULE)
    seen: list[ProjectFacts] = []

    def use(facts: ProjectFacts) -> int:
        seen.append(facts)
        if len(seen) == 1:
            raise ElfError("names overlap without end in the string table")
        return len(facts.elves)

    assert with_facts(use, tree, files_below(tree, f"{SITE}/demo"), RecurringFiles()) == 1
    assert seen[0] == seen[1]


def snapshot(path: Path) -> dict[str, tuple[int, bytes]]:
    """Return mode and content of everything below *path*."""
    return {
        str(found): (found.lstat().st_mode, found.read_bytes() if stat.S_ISREG(found.lstat().st_mode) else b"")
        for found in sorted(path.rglob("*"))
    }
