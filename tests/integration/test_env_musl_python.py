"""``musl-audit env`` against the real CPython for musl: what it says is what pip, packaging and an import do."""

import importlib.util
import json
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from tests.support.cli import SCHEMAS, Answer, musl_audit, wheel
from tests.support.musl_python import RELEASES, musl_python, run
from tools.evidence.corpus import read_corpus

Miss = Callable[[str], None]
Tally = Callable[[str, int, int], None]
SCHEMA = json.loads((SCHEMAS / "env.schema.json").read_text())
# Of the corpus: what Python 3.11 takes and refuses, on which release it loads, and what to import to see it.
IMPORTS = {
    "MarkupSafe-2.1.3-cp311": "markupsafe._speedups",
    "PyYAML-6.0.1-cp311": "yaml._yaml",
    "cffi-1.16.0-cp311-cp311-musllinux_1_1_x86_64": "_cffi_backend",
    "cryptography-41.0.7-cp37-abi3-musllinux_1_1_x86_64": "cryptography.hazmat.bindings._rust",
    "cryptography-42.0.8": "cryptography.hazmat.bindings._rust",
    "cryptography-50.0.2-cp311-abi3-musllinux_1_2_x86_64": "cryptography.hazmat.bindings._rust",
    "greenlet-3.0.3-cp311": "greenlet",
    "numpy-1.26.4-cp311": "numpy.core._multiarray_umath",
    "numpy-2.4.6-cp311": "numpy",
    "aiohttp-3.14.5-cp312-cp312-musllinux_1_2_x86_64": "aiohttp",
    "aiohttp-3.14.5-cp312-cp312-musllinux_1_2_aarch64": "aiohttp",
}
TEST_WHEELS = {
    "clean_cp311": "clean_cp311._probe",
    "clean_x86_64": "clean_x86_64._probe",
    "suffix_abi3": "suffix_abi3._probe",
}


def env(python: Path, *arguments: str | Path) -> Answer:
    """Return the answer about *python*, held against the schema."""
    answer = musl_audit("env", python, "--isolated", "--json", *arguments)
    Draft202012Validator(SCHEMA).validate(answer.json)
    return answer


def interpreter(answer: Answer, *fields: str) -> tuple[object, ...]:
    """Return *fields* of what is said about the interpreter."""
    found = answer.json["interpreter"]
    assert isinstance(found, dict)
    return tuple(found[field] for field in fields)


@pytest.fixture(params=RELEASES)
def release(request: pytest.FixtureRequest) -> str:
    """Return one of the releases that the real interpreter runs under."""
    text: str = request.param
    return text


@pytest.fixture
def python(release: str, miss: Miss) -> Path:
    """Return the real interpreter under that release."""
    return musl_python(release, miss)


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """Return a directory from which the interpreter may import pip and packaging: both are pure Python."""
    directory = tmp_path / "packages"
    directory.mkdir()
    for name in ("pip", "packaging"):
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        (directory / name).symlink_to(Path(spec.origin).parent)
    return directory


# --- The interpreter ---------------------------------------------------------------------------------------------


def test_the_real_interpreter_with_kernel_headers_is_clean(python: Path, release: str) -> None:
    """No finding at all, on a glibc host; nothing was executed to know it."""
    answer = env(python, "--require", "AF_NETLINK,AF_CAN,AF_VSOCK,os.getrandom,ossaudiodev")

    assert (answer.code, answer.json["findings"]) == (0, [])
    assert interpreter(answer, "libc", "musl", "version", "soabi", "run") == (
        "musl",
        release,
        "3.11.2",
        "cpython-311-x86_64-linux-musl",
        None,
    )


def test_the_tags_are_those_that_packaging_yields_there(python: Path, packages: Path) -> None:
    """The real installers' code, run by the real interpreter."""
    script = "from packaging.tags import platform_tags; print([t for t in platform_tags() if 'musl' in t])"

    theirs = run(python, "-c", script, path=packages).stdout.strip()

    assert str(interpreter(env(python), "musllinux_tags")[0]) == theirs
    assert theirs == "['musllinux_1_2_x86_64', 'musllinux_1_1_x86_64', 'musllinux_1_0_x86_64']"


@pytest.mark.parametrize(
    ("machine", "is_32bit", "arch"),
    [
        ("x86_64", True, "i686"),
        ("i686", True, "i686"),
        ("aarch64", True, "armv7l"),
        ("armv8l", True, "armv7l"),
        ("armv7l", True, "armv7l"),
        ("armv6l", True, "armv7l"),
        ("aarch64", False, "aarch64"),
        ("s390x", False, "s390x"),
    ],
)
def test_a_32_bit_python_gets_the_tags_that_packaging_yields(
    miss: Miss, packages: Path, *, machine: str, is_32bit: bool, arch: str
) -> None:
    """The same code, told another kernel and word size; musl's release is still asked of the real loader."""
    from dataclasses import replace

    from tests.support import environments

    from musl_audit.environment.tags import musllinux_tags

    script = (
        f"import sysconfig, packaging.tags as tags; sysconfig.get_platform = lambda: 'linux-{machine}'; "
        f"print(*[t for t in tags._linux_platforms(is_32bit={is_32bit}) if 'musl' in t])"
    )
    ours = environments.interpreter(arch=arch, loader=replace(environments.MUSL, release="1.2.5"))

    theirs = run(musl_python("1.2.5", miss), "-c", script, path=packages).stdout.split()

    assert list(musllinux_tags(ours, machine)) == theirs


def test_every_accepted_tag_is_one_that_packaging_yields(python: Path, packages: Path) -> None:
    """Python and ABI included; the order among the platforms of this machine is told above."""
    from tests.support import environments

    from musl_audit.environment.tags import accepted_tags

    theirs = run(python, "-c", "from packaging.tags import sys_tags; print(*sys_tags())", path=packages).stdout.split()
    platforms = interpreter(env(python), "platform_tags")[0]
    assert isinstance(platforms, list)
    found = environments.interpreter(version="3.11.2", soabi="cpython-311-x86_64-linux-musl")

    assert set(accepted_tags(found, platforms)) == set(theirs)


def test_what_it_says_when_executed_is_what_its_files_say(python: Path, release: str) -> None:
    """``--run``: the loader as PEP 656 describes, the interpreter by a script."""
    quiet, asked = env(python), env(python, "--run")
    fields = ("version", "implementation", "soabi", "extension_suffixes", "musl", "musllinux_tags")

    assert interpreter(quiet, *fields) == interpreter(asked, *fields)
    said = interpreter(asked, "run")[0]
    assert isinstance(said, dict)
    assert (said["musl"], said["version"], said["problem"]) == (release, "3.11.2", None)


def test_a_copied_interpreter_is_not_told_by_the_library_it_happens_to_find(tmp_path: Path, python: Path) -> None:
    """CPython looks for its library upwards, and may find that of a Python for glibc, such as the host's."""
    copy = tmp_path / "bin" / "python3.11"
    copy.parent.mkdir()
    copy.write_bytes(python.read_bytes())
    copy.chmod(0o755)
    library = tmp_path / "lib" / "python3.11"
    library.mkdir(parents=True)
    (library / "os.py").touch()
    variables = "build_time_vars = {'SOABI': 'cpython-311-x86_64-linux-gnu', 'HAVE_LINUX_NETLINK_H': 1}\n"
    (library / "_sysconfigdata__linux_x86_64-linux-gnu.py").write_text(variables)

    answer = env(copy, "--require", "AF_NETLINK")

    assert interpreter(answer, "version", "soabi", "build") == ("3.11.2", "cpython-311-x86_64-linux-musl", None)
    assert answer.code == 4


def test_without_build_files_the_interpreter_is_asked(tmp_path: Path, python: Path) -> None:
    """A whole copy without them: from disk there is no answer, from the interpreter there is."""
    prefix = tmp_path / "py"
    (prefix / "bin").mkdir(parents=True)
    copy = prefix / "bin" / "python3.11"
    copy.write_bytes(python.read_bytes())
    copy.chmod(0o755)
    source = python.parents[1] / "lib" / "python3.11"
    (prefix / "lib" / "python3.11").mkdir(parents=True)
    for entry in source.iterdir():
        if not entry.name.startswith("_sysconfigdata"):
            (prefix / "lib" / "python3.11" / entry.name).symlink_to(entry)

    quiet, asked = env(copy, "--require", "AF_NETLINK"), env(copy, "--run", "--require", "AF_NETLINK")

    assert [finding["code"] for finding in quiet.json["findings"]] == ["ENV013", "ENV903"]  # type: ignore[attr-defined]
    assert (asked.code, asked.json["findings"]) == (0, [])


# --- Wheels ------------------------------------------------------------------------------------------------------


@cache
def paths() -> dict[Path, str]:
    """Return the wheels to try, and what to import of each."""
    corpus = [row.path for row in read_corpus()]
    found = {next(path for path in corpus if path.name.startswith(name)): module for name, module in IMPORTS.items()}
    return found | {wheel(name): module for name, module in TEST_WHEELS.items()}


def test_what_is_said_of_a_wheel_is_what_pip_and_an_import_do(
    tmp_path: Path, python: Path, packages: Path, miss: Miss, tally: Tally
) -> None:
    """pip's exit code, then that of an import in the real interpreter."""
    if not all(path.exists() for path in paths()):
        miss("corpus")
    answers = env(python, "--wheel", *paths()).json["wheels"]
    assert isinstance(answers, list)
    ours, theirs = {}, {}
    for said, (path, module) in zip(answers, paths().items(), strict=True):
        ours[path.name] = (said["installs"], said["loads"] if said["installs"] else None)
        theirs[path.name] = pip_and_import(path, module, python, packages, tmp_path / path.stem)

    tally("pip and the real interpreter", len(theirs), sum(ours[name] == theirs[name] for name in theirs))
    assert ours == theirs


def pip_and_import(path: Path, module: str, python: Path, packages: Path, target: Path) -> tuple[bool, bool | None]:
    """Return whether pip installs a wheel, and, if so, whether its module can be imported."""
    options = ("--quiet", "--no-index", "--no-deps", "--no-compile", "--disable-pip-version-check", "--target", target)
    if run(python, "-m", "pip", "install", *options, path, path=packages).returncode:
        return False, None
    done = run(python, "-c", f"import {module}", path=target)
    is_missing_dependency = "ModuleNotFoundError" in done.stderr and module.partition(".")[0] not in done.stderr
    return True, not done.returncode or is_missing_dependency


def test_a_library_that_the_system_lacks_is_named(python: Path) -> None:
    """zlib is allowed to be asked for, and this loader finds none on Debian."""
    (said,) = (item for item in env(python, "--wheel", wheel("libz_allowed")).json["wheels"])  # type: ignore[attr-defined]

    assert (said["loads"], said["libraries"]) == (False, ["libz.so.1"])
    assert "libz.so.1, which is not on this system" in said["answer"]


def test_a_requirement_of_the_metadata_refuses_as_pip_does(tmp_path: Path, python: Path, packages: Path) -> None:
    """The tags admit the wheel; Requires-Python does not."""
    path = tmp_path / "demo-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("demo.py", "")
        archive.writestr(
            "demo-1.0.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\nRequires-Python: >=3.11.3\n",
        )
        archive.writestr(
            "demo-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("demo-1.0.dist-info/RECORD", "")

    answer = env(python, "--wheel", path)

    assert (answer.code, pip_and_import(path, "demo", python, packages, tmp_path / "target")[0]) == (1, False)
    assert "requires Python >=3.11.3, and this is 3.11.2" in answer.stdout


def test_a_wheel_that_crashes_is_an_error_of_one_sentence(miss: Miss) -> None:
    """Tag, file, reason and release."""
    path = next(path for path in paths() if path.name.startswith("numpy-2.4.6"))
    if not path.exists():
        miss("corpus")

    answer = musl_audit("env", musl_python("1.2.3", miss), "--isolated", "--wheel", path, env={"COLUMNS": "1000"})

    assert answer.code == 1
    assert "pip will install it: musllinux_1_2_x86_64; it will crash at import: numpy.libs/libgcc_s" in answer.stdout
    assert "packed relocations, and this is musl 1.2.3 (MUSL401)" in answer.stdout
    assert musl_audit("env", musl_python("1.2.5", miss), "--isolated", "--wheel", path).code == 0


def test_a_wheel_that_is_no_archive_cannot_be_answered(tmp_path: Path, python: Path) -> None:
    """The others are."""
    broken = tmp_path / "demo-1.0-py3-none-any.whl"
    broken.write_text("no archive")

    answer = env(python, "--wheel", broken, wheel("clean_cp311"))

    assert answer.code == 4
    assert len(answer.json["wheels"]) == 1  # type: ignore[arg-type]
    assert str(broken) in answer.stderr


def test_what_is_no_wheel_is_told_from_one(python: Path) -> None:
    """An interpreter named behind ``--wheel`` is taken for one."""
    answer = musl_audit("env", "--isolated", "--json", "--wheel", wheel("clean_cp311"), python)

    assert answer.code == 4
    assert "PYTHON is named before --wheel" in answer.stderr
