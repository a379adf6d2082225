"""Where installed packages come from: RECORD, databases of distributions, trees, eggs, folders; links, and more."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.installations import SITE, answers, codes, installed, module_of, put
from tests.support.roots import Root, alpine, glibc_program

from musl_audit import load_catalog
from musl_audit.adapters.installed import recurring
from musl_audit.adapters.interpreter.host import read_host
from musl_audit.adapters.interpreter.python import read_interpreter
from musl_audit.adapters.partial_file import PartialFile
from musl_audit.adapters.tree import Tree
from musl_audit.elf import read_elf
from musl_audit.environment.installed.values import InstalledAnswer, Origin
from musl_audit.model import ElfFacts
from musl_audit.workflows.explaining import explain
from musl_audit.workflows.inspecting import InstalledSettings, inspect_all

BROKEN, GOOD = "packed_relocations_in_extension", "clean_x86_64"  # packed relocations, and nothing in the way
NAME, MODULE = module_of(BROKEN)


@pytest.fixture
def root(tmp_path: Path) -> Root:
    """Return an Alpine with musl 1.2.3 and a Python 3.12."""
    return alpine(tmp_path / "root")


def named(answer: InstalledAnswer) -> str:
    """Return the name of the package as the test wheel is called."""
    return answer.project.name.replace("-", "_")


def test_what_a_record_lists_is_judged(root: Root) -> None:
    """One that loads, one that crashes, each with its reason."""
    found = answers(put(put(root, BROKEN), GOOD))

    assert {name: answer.loads for name, answer in found.items()} == {BROKEN: False, GOOD: True}
    reason = "it needs musl 1.2.4, this is 1.2.3 (Alpine 3.17)"
    name = BROKEN.replace("_", "-")
    assert found[BROKEN].sentence == f"{name} 1.0 crashes at import here: {reason}"
    assert found[BROKEN].project.origin is Origin.RECORD
    assert codes(root) == ["ENV031"]


def test_files_of_apks_package_are_those_of_its_database(root: Root) -> None:
    """No RECORD: the database lists the files, and the answer says which package brought them."""
    put(root, BROKEN, record=False)
    dist_info = f"{BROKEN}-1.0.dist-info"
    root.file(
        "/lib/apk/db/installed",
        f"P:py3-demo\nV:1.0-r0\nA:x86_64\nF:{SITE[1:]}/{Path(NAME).parent}\nR:{Path(NAME).name}\n"
        f"F:{SITE[1:]}/{dist_info}\nR:METADATA\nR:WHEEL\n",
    )

    (answer,) = answers(root).values()

    assert (answer.project.origin, answer.loads) == (Origin.DATABASE, False)
    assert answer.project.owner == "pkg:apk/alpine/py3-demo@1.0-r0?arch=x86_64"
    assert codes(root) == ["ENV031", "ENV035"]


def test_files_of_dpkgs_package_are_those_of_its_database(root: Root) -> None:
    """An egg-info that is a file, in dist-packages, as Debian has them."""
    site = "/usr/lib/python3/dist-packages"
    root.file(f"{site}/demo/_core.cpython-312-x86_64-linux-musl.so", MODULE)
    root.file(f"{site}/demo-1.0.egg-info", "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n")
    lines = ["/.", "/usr", f"{site}/demo/_core.cpython-312-x86_64-linux-musl.so", f"{site}/demo-1.0.egg-info"]
    root.file("/var/lib/dpkg/info/python3-demo.list", "\n".join(lines) + "\n")
    root.file("/var/lib/dpkg/status", "Package: python3-demo\nVersion: 1.0-2\nArchitecture: amd64\n")

    (answer,) = answers(root).values()

    assert answer.project.owner == "pkg:deb/alpine/python3-demo@1.0-2?arch=amd64"
    assert (answer.project.name, answer.project.origin, answer.loads) == ("demo", Origin.DATABASE, False)


def test_where_nothing_lists_the_files_the_folder_of_that_name_is_walked(root: Root) -> None:
    """And a package without any is no fault."""
    put(root, BROKEN, record=False)
    root.file(f"{SITE}/pure-1.0.dist-info/METADATA", "Name: pure\nVersion: 1.0\n")

    found = answers(root)

    assert (found[BROKEN].project.origin, found[BROKEN].loads) == (Origin.FOLDER, False)
    assert (found["pure"].loads, found["pure"].binaries) == (True, 0)


def test_an_editable_installation_is_judged_in_its_tree(root: Root) -> None:
    """PEP 610 says where; what was built lies among the sources."""
    info = f"{SITE}/demo-1.0.dist-info"
    root.file("/srv/demo/src/demo/_core.cpython-312-x86_64-linux-musl.so", MODULE)
    root.file(f"{info}/METADATA", "Name: demo\nVersion: 1.0\n").file(f"{info}/RECORD", "demo.pth,,\n")
    root.file(f"{SITE}/demo.pth", "/srv/demo/src\n")
    root.file(f"{info}/direct_url.json", json.dumps({"url": "file:///srv/demo", "dir_info": {"editable": True}}))

    (answer,) = answers(root).values()

    assert (answer.project.origin, answer.project.source, answer.loads) == (Origin.EDITABLE, "/srv/demo", False)


def test_an_egg_is_judged_as_a_folder_and_noted_as_a_file(root: Root) -> None:
    """The way before wheels."""
    root.file(f"{SITE}/demo-1.0-py3.12.egg/EGG-INFO/PKG-INFO", "Name: demo\nVersion: 1.0\n")
    root.file(f"{SITE}/demo-1.0-py3.12.egg/demo/_core.so", MODULE)
    root.file(f"{SITE}/zipped-2.0-py3.12.egg", "PK")

    found = answers(root)

    assert (found["demo"].loads, found["demo"].project.version) == (False, "1.0")
    assert (found["zipped"].project.origin, found["zipped"].binaries) == (Origin.ZIP, 0)


def test_a_target_folder_is_looked_into_where_it_is_named(root: Root) -> None:
    """`pip install --target`: it puts scripts inside, where RECORD climbs out for them."""
    put(root, BROKEN, "/opt/target")
    root.file("/opt/target/bin/tool", b"#!python\n")
    record = root.path / f"opt/target/{BROKEN}-1.0.dist-info/RECORD"
    record.write_text(record.read_text() + "../../bin/tool,,\n../../bin/gone,,\n")

    (answer,) = answers(root, "/opt/target").values()

    assert (answer.loads, answer.missing) == (False, ("/bin/gone",))


def test_binaries_outside_packages_are_judged_where_their_folder_is_named(root: Root) -> None:
    """A program of another libc, a library that crashes, and not again what a package claims."""
    put(root, GOOD, "/opt/app")
    root.file("/opt/app/helper", glibc_program()).file("/opt/app/plain.so", MODULE)

    found = answers(root, "/opt/app")

    assert found[GOOD].loads
    assert found["/opt/app"].binaries == 2
    assert found["/opt/app"].sentence.startswith("helper and plain.so in /opt/app do not load here: ")


def test_a_virtual_environment_sees_its_own_and_no_other_packages(root: Root) -> None:
    """Unless its configuration says so; both interpreters are found below the root."""
    put(root, BROKEN)
    put(root, GOOD, "/venv/lib/python3.12/site-packages")
    root.link("/venv/bin/python", "/usr/bin/python3.12").file("/venv/pyvenv.cfg", "home = /usr/bin\n")
    environment = root.path / "venv/pyvenv.cfg"

    def seen() -> dict[str, list[str]]:
        found = explain(root=root.path).environment.installations
        return {item.interpreter: [named(answer) for answer in item.answers] for item in found}

    assert seen() == {"/usr/bin/python3": [BROKEN], "/venv/bin/python": [GOOD]}
    environment.write_text("home = /usr/bin\ninclude-system-site-packages = true\n")
    assert seen() == {"/usr/bin/python3": [BROKEN], "/venv/bin/python": [GOOD, BROKEN]}


def test_a_pth_file_adds_folders_and_executes_nothing(root: Root, tmp_path: Path) -> None:
    """A path counts, relative or absolute; code is a note."""
    marker = tmp_path / "executed"
    put(put(root, BROKEN, "/opt/one"), GOOD, f"{SITE}/two")
    root.file(f"{SITE}/a.pth", "# comment\n/opt/one\ntwo\n/gone\n")
    root.file(f"{SITE}/b.pth", f"import pathlib; pathlib.Path('{marker}').touch()\n/never\n")

    found = installed(root)

    assert {named(answer) for answer in found.answers} == {BROKEN, GOOD}
    assert found.notes == (f"{SITE}/b.pth executes code, which is not followed",)
    assert not marker.exists()


def test_two_versions_in_one_folder_are_a_finding(root: Root) -> None:
    """Only one of them can be what lies there."""
    put(root, GOOD).file(f"{SITE}/{GOOD}-0.9.dist-info/METADATA", f"Name: {GOOD}\nVersion: 0.9\n")

    assert "ENV034" in codes(root)


def test_what_is_gone_or_was_changed_is_told(root: Root) -> None:
    """By size always; by digest where that was asked for."""
    put(root, GOOD)
    name = module_of(GOOD)[0]
    path = root.path / f"{SITE[1:]}/{name}"
    content = path.read_bytes()

    path.write_bytes(content + b"\0")
    assert codes(root) == ["ENV033"]
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert (codes(root), codes(root, verify_hashes=True)) == ([], ["ENV033"])
    path.unlink()
    assert codes(root) == ["ENV032"]


def test_links_are_resolved_inside_the_root(root: Root) -> None:
    """A site-packages behind an absolute link; a file behind a link out of it, which is none there."""
    put(root, BROKEN, "/data/packages")
    root.link(SITE, "/data/packages")
    root.file("/data/packages/demo-1.0.dist-info/METADATA", "Name: demo\nVersion: 1.0\n")
    root.file("/data/packages/demo-1.0.dist-info/RECORD", "demo/passwd,,\n../../../../../../etc/passwd,,\n")
    root.link("/data/packages/demo/passwd", "/etc/passwd")

    found = answers(root)

    assert found[BROKEN].loads is False
    assert found["demo"].missing == ("/etc/passwd", f"{SITE}/demo/passwd")


def test_the_whole_system_is_judged_by_package(root: Root) -> None:
    """A program whose loader is not there, by the package that it is of; and what no package owns."""
    root.file("/usr/bin/glibc-tool", glibc_program()).file("/opt/own/plug.so", MODULE)
    root.file("/lib/apk/db/installed", "P:tool\nV:1-r0\nA:x86_64\nF:usr/bin\nR:glibc-tool\n")

    system = explain(root=root.path, installed=InstalledSettings(whole_system=True)).environment.installations[-1]

    assert {answer.project.spelled: answer.deed and answer.deed.one for answer in system.broken} == {
        "tool 1-r0": "does not start",
        "/opt/own": "crashes at import",
    }


class CountingTree(Tree):
    """A tree that knows how often the contents of each file were asked for."""

    def __init__(self, root: str) -> None:
        super().__init__(root)
        self.opened = Counter[str]()

    @contextmanager
    def contents_if(self, path: str, beginning: bytes, *, most: int) -> Iterator[bytes | PartialFile | None]:
        """Count, and yield what a tree yields."""
        self.opened[path] += 1
        with super().contents_if(path, beginning, most=most) as contents:
            yield contents


def test_each_binary_of_a_package_is_read_once(root: Root) -> None:
    """Also a library that modules of the package need: what was read is not read again to link it."""
    put(root, "packed_relocations_x86_64")
    tree, catalog = CountingTree(str(root.path)), load_catalog()
    host = read_host(tree, catalog)
    python = read_interpreter(tree, "/usr/bin/python3", catalog)

    (installation,) = inspect_all(tree, catalog, host, [python], (), InstalledSettings())

    own = {path: count for path, count in tree.opened.items() if path.startswith(SITE)}
    (answer,) = installation.answers
    assert any(path.rpartition("/")[0].endswith(".libs") for path in own)
    assert len(answer.report.findings) == 1
    assert set(own.values()) == {1}


def test_a_package_that_loads_is_judged_without_the_names_of_its_symbols(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it must find is all that matters: a module may define 50,000 names and ask for thousands."""
    read: list[ElfFacts] = []

    def keep(data: bytes, path: str, *, are_names_deferred: bool) -> ElfFacts:
        read.append(read_elf(data, path, are_names_deferred=are_names_deferred))
        return read[-1]

    put(root, GOOD)
    monkeypatch.setattr(recurring, "read_elf", keep)

    assert [answer.loads for answer in answers(root).values()] == [True]
    assert read
    assert not [(facts.path, name) for facts in read for name in ("undefined", "defined") if is_made(facts, name)]


def is_made(facts: ElfFacts, name: str) -> bool:
    """Whether somebody looked at the field *name*."""
    try:
        vars(ElfFacts)[name].__get__(facts)
    except AttributeError:
        return False
    return True
