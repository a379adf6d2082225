"""What an interpreter was built with, and where its files are."""

from pathlib import Path

import pytest
from tests.support.roots import Root, alpine, musl_program, pyconfig
from tests.support.values import catalog

from musl_audit.adapters.interpreter.python import (
    InterpreterError,
    default_interpreter,
    find_interpreter,
    read_interpreter,
)
from musl_audit.adapters.tree import Tree
from musl_audit.environment.values import Interpreter

PYTHON = "/usr/bin/python3"
VARIABLES = "/usr/lib/python3.12/_sysconfigdata__linux_x86_64-linux-musl.py"


def python_of(root: Root, path: str = PYTHON) -> Interpreter:
    """Return what the files of the interpreter at *path* say."""
    return read_interpreter(Tree(str(root.path)), path, catalog())


def missing(found: Interpreter) -> list[str]:
    """Return the macros that the build mentions and has not."""
    assert found.build is not None
    return sorted(name for name, is_defined in found.build.macros.items() if not is_defined)


def test_the_version_is_that_of_the_library_beside_it(tmp_path: Path) -> None:
    """The file is called ``python3.12`` behind the link."""
    found = python_of(alpine(tmp_path))

    assert (found.executable, found.prefix, found.version) == ("/usr/bin/python3.12", "/usr", "3.12")


def test_among_several_libraries_the_name_decides(tmp_path: Path) -> None:
    """Distributions keep two versions side by side."""
    root = alpine(tmp_path).library("/usr/lib/python3.13").file("/usr/bin/python3.13", musl_program())

    assert (python_of(root).minor, python_of(root, "/usr/bin/python3.13").minor) == ((3, 12), (3, 13))


def test_a_nameless_interpreter_takes_the_only_library(tmp_path: Path) -> None:
    """And none where there are two."""
    root = alpine(tmp_path).file("/usr/bin/mypython", musl_program())

    assert python_of(root, "/usr/bin/mypython").minor == (3, 12)
    assert python_of(root.library("/usr/lib/python3.13"), "/usr/bin/mypython").minor is None


def test_a_free_threaded_build_has_a_library_of_its_own(tmp_path: Path) -> None:
    """``python3.14t`` beside ``python3.14``."""
    root = alpine(tmp_path).library("/usr/lib/python3.14").file("/usr/bin/python3.14t", musl_program())
    root.file("/usr/lib/python3.14t/os.py", "")

    found = python_of(root, "/usr/bin/python3.14t")

    assert (found.minor, found.is_free_threaded) == ((3, 14), True)


def test_a_virtual_environment_of_links_leads_to_the_python_behind_it(tmp_path: Path) -> None:
    """The link is resolved inside the root."""
    root = alpine(tmp_path).link("/app/venv/bin/python", "/usr/bin/python3")
    root.file("/app/venv/pyvenv.cfg", "home = /usr/bin\nversion = 3.12.4\n")

    found = python_of(root, "/app/venv/bin/python")

    assert (found.environment, found.prefix, found.minor) == ("/app/venv", "/usr", (3, 12))


def test_a_virtual_environment_of_copies_names_its_home(tmp_path: Path) -> None:
    """``python -m venv --copies``: the standard library is beside the home, not beside the copy."""
    root = alpine(tmp_path).file("/app/venv/bin/python", musl_program())
    root.file("/app/venv/pyvenv.cfg", "home = /usr/bin\n").file("/app/venv/lib/python3.12/site-packages/x.py", "")

    found = python_of(root, "/app/venv/bin/python")

    assert (found.environment, found.prefix, found.soabi) == ("/app/venv", "/usr", "cpython-312-x86_64-linux-musl")


def test_the_two_real_configurations_differ_in_the_kernel_headers(tmp_path: Path) -> None:
    """19 macros, measured on CPython 3.11."""
    both = []
    for name in ("with", "without"):
        root = alpine(tmp_path / name).without(VARIABLES)
        root.file("/usr/include/python3.12/pyconfig.h", pyconfig(name))
        both.append(set(missing(python_of(root))))

    assert both[0] < both[1]
    assert len(both[1] - both[0]) == 19


def test_pyconfig_alone_is_enough(tmp_path: Path) -> None:
    """The variables may be in a package of their own."""
    root = alpine(tmp_path).without(VARIABLES)
    root.file("/usr/include/python3.12/pyconfig.h", "#define HAVE_X 1\n/* #undef HAVE_LINUX_NETLINK_H */\n")

    found = python_of(root)

    assert missing(found) == ["HAVE_LINUX_NETLINK_H"]
    assert found.build is not None
    assert found.build.sources == ("/usr/include/python3.12/pyconfig.h",)


def test_a_macro_is_missing_where_either_file_says_so(tmp_path: Path) -> None:
    """They come from one ``configure``; where they disagree, one of them is not this interpreter's."""
    root = alpine(tmp_path).file("/usr/include/python3.12/pyconfig.h", "/* #undef HAVE_LINUX_NETLINK_H */\n")

    assert missing(python_of(root)) == ["HAVE_LINUX_NETLINK_H"]
    root.file("/usr/include/python3.12/pyconfig.h", "#define HAVE_LINUX_NETLINK_H 1\n")
    root.file(VARIABLES, "build_time_vars = {'HAVE_LINUX_NETLINK_H': 0}\n")
    assert missing(python_of(root)) == ["HAVE_LINUX_NETLINK_H"]


def test_the_build_files_of_another_triplet_are_not_read(tmp_path: Path) -> None:
    """A musl Python in the standard library of one for glibc: CPython would not load those variables either."""
    root = alpine(tmp_path).file("/usr/bin/python3.12", musl_program() + b"\0.cpython-312-x86_64-linux-musl.so\0")
    root.without(VARIABLES).file("/usr/include/python3.12/pyconfig.h", "#define HAVE_LINUX_NETLINK_H 1\n")
    root.file(VARIABLES.replace("musl", "gnu"), "build_time_vars = {'SOABI': 'cpython-312-x86_64-linux-gnu'}\n")

    found = python_of(root)

    assert (found.soabi, found.build) == ("cpython-312-x86_64-linux-musl", None)


def test_the_triplet_may_stand_in_libpython(tmp_path: Path) -> None:
    """A program that is linked to it holds next to nothing itself."""
    root = alpine(tmp_path).file("/usr/lib/libpython3.12.so.1.0", b"\0x86_64-linux-musl\x003.12.9\0")
    root.without(VARIABLES)

    assert (python_of(root).soabi, python_of(root).version) == ("cpython-312-x86_64-linux-musl", "3.12.9")


def test_variables_are_never_imported(tmp_path: Path) -> None:
    """They are source text of an interpreter that may be hostile."""
    marker = tmp_path / "executed"
    touch = f"import pathlib; pathlib.Path({str(marker)!r}).touch()"
    root = alpine(tmp_path / "root").file(
        VARIABLES, f"{touch}\nbuild_time_vars = {{'HAVE_LINUX_NETLINK_H': 0}}\n{touch}\n"
    )

    assert missing(python_of(root)) == ["HAVE_LINUX_NETLINK_H"]
    assert not marker.exists()


def test_the_soabi_is_told_by_the_modules_where_no_file_says_it(tmp_path: Path) -> None:
    """Images made small keep those."""
    root = alpine(tmp_path).without(VARIABLES)
    for module in ("_struct", "zlib"):
        root.file(f"/usr/lib/python3.12/lib-dynload/{module}.cpython-312-x86_64-linux-musl.so", "")

    found = python_of(root)

    assert (found.soabi, found.build) == ("cpython-312-x86_64-linux-musl", None)


def test_pip_is_found_beside_the_interpreter(tmp_path: Path) -> None:
    """By the directory of its metadata."""
    root = alpine(tmp_path).file("/usr/lib/python3.12/site-packages/pip-20.3.4.dist-info/METADATA", "")

    assert python_of(root).pip == "20.3.4"


def test_the_patch_level_is_read_from_the_headers_where_the_program_has_none(tmp_path: Path) -> None:
    """``PY_VERSION`` of ``patchlevel.h``."""
    root = alpine(tmp_path).file("/usr/include/python3.12/patchlevel.h", '#define PY_VERSION   "3.12.4+"\n')

    assert python_of(root).version == "3.12.4"


def test_the_patch_level_is_read_from_the_program(tmp_path: Path) -> None:
    """It holds its version as a text."""
    root = alpine(tmp_path).file("/usr/bin/python3.12", musl_program() + b"\x003.12.7\0" + b"3.99.1 not\0")

    assert python_of(root).version == "3.12.7"


def test_the_default_is_the_first_interpreter_and_no_script(tmp_path: Path) -> None:
    """A shim would start whichever version a configuration names."""
    root = alpine(tmp_path).file("/shims/python3", "#!/bin/sh\nexec pyenv\n")

    assert default_interpreter(Tree(str(root.path)), ["/shims", "/usr/bin"]) == "/usr/bin/python3"


def test_there_may_be_no_default(tmp_path: Path) -> None:
    """Then the host alone is explained."""
    assert default_interpreter(Tree(str(tmp_path)), ["/usr/bin"]) is None


def test_a_name_is_looked_for_on_the_path(tmp_path: Path) -> None:
    """As a shell does it: a file that may not be executed does not count."""
    root = alpine(tmp_path).file("/opt/bin/python3.12", "", mode=0o644)

    assert find_interpreter(Tree(str(root.path)), "python3.12", ["/opt/bin", "/usr/bin"]) == "/usr/bin/python3.12"


def test_a_name_that_is_nowhere_is_an_error(tmp_path: Path) -> None:
    """It says where it was looked for."""
    with pytest.raises(InterpreterError, match=r"python3\.9: not found in /a:/b"):
        find_interpreter(Tree(str(tmp_path)), "python3.9", ["/a", "/b"])
