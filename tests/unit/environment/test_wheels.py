"""Whether a wheel loads in an interpreter, and the sentence about it."""

import pytest
from tests.support.environments import GLIBC, interpreter, on_musl, target
from tests.support.values import AARCH64, catalog, extension, library, release, uses, wheel

from musl_audit.environment.values import WheelAnswer
from musl_audit.environment.wheels import Target, answer
from musl_audit.loader.libc_names import Libc
from musl_audit.model import WheelFacts


def answer_of(facts: WheelFacts, asked: Target | None = None) -> WheelAnswer:
    """Return the answer about *facts*."""
    return answer("w.whl", facts, asked or target(interpreter()), catalog(), None)


def test_a_clean_wheel_loads() -> None:
    """Tag and release in one sentence."""
    found = answer_of(wheel(extension()))

    assert (found.installs, found.loads) == (True, True)
    assert found.sentence == "pip will install it: musllinux_1_2_x86_64; it loads on musl 1.2.3"


def test_packed_relocations_crash_before_1_2_4() -> None:
    """The tag admits the wheel, and the loader does not say a word."""
    facts = wheel(
        extension(needed=("libx.so", "libc.so"), runpath="$ORIGIN/../demo.libs"),
        library("demo.libs/libx.so", packed_relocations=8),
    )

    found = answer_of(facts)

    assert (found.installs, found.loads, found.code) == (True, False, "MUSL401")
    assert found.sentence == (
        "pip will install it: musllinux_1_2_x86_64; it will crash at import: demo.libs/libx.so uses packed relocations"
        ", and this is musl 1.2.3 (MUSL401)"
    )
    assert answer_of(facts, target(interpreter(loader=on_musl("1.2.4")))).loads is True


def test_a_symbol_of_a_later_release_is_an_import_error() -> None:
    """``statx`` came in 1.2.5."""
    found = answer_of(wheel(extension(undefined=uses("statx"))))

    assert (found.loads, found.symbols) == (False, ("statx",))
    assert "it will fail to import:" in found.sentence
    assert "needs statx, which this musl lacks" in found.sentence


def test_the_interpreters_own_suffix_decides() -> None:
    """An older build on musl looks for glibc's name."""
    old = interpreter(version="3.10.4", soabi="cpython-310-x86_64-linux-gnu")
    facts = wheel(extension("demo/_demo.cpython-310-x86_64-linux-musl.so"), python="cp310", abi="cp310")

    found = answer_of(facts, target(old))

    assert (found.installs, found.loads, found.code) == (True, False, "MUSL304")


def test_one_importable_copy_is_enough() -> None:
    """Wheels for two camps carry both."""
    old = interpreter(version="3.10.4", soabi="cpython-310-x86_64-linux-gnu")
    copies = (extension(f"demo/_demo.cpython-310-x86_64-linux-{libc}.so") for libc in ("gnu", "musl"))

    assert answer_of(wheel(*copies, python="cp310", abi="cp310"), target(old)).loads is True


@pytest.mark.parametrize("soname", ["libodbc.so.2", "libz.so.1"])
def test_a_library_from_outside_is_looked_for_on_the_system(soname: str) -> None:
    """Allowed or not: what counts here is whether it is there."""
    facts = wheel(extension(needed=(soname, "libc.so")))

    assert answer_of(facts).libraries == (soname,)
    assert f"needs {soname}, which is not on this system" in answer_of(facts).sentence
    assert answer_of(facts, target(interpreter(), soname)).loads is True


def test_the_very_libc_decides_about_its_symbols() -> None:
    """Debian's musl has no ``crypt``, whatever its release has."""
    facts = wheel(extension(undefined=uses("crypt")))
    exports = catalog().symbols("x86_64").exports_of(release("1.2.3"))

    found = answer_of(facts, target(interpreter(), exports=exports - {"crypt"}))

    assert (found.loads, found.symbols) == (False, ("crypt",))
    assert answer_of(facts, target(interpreter(), exports=exports)).loads is True


def test_names_that_the_loader_still_resolves_are_no_obstacle() -> None:
    """``open64`` left the table of 1.2.4, and a relocation finds it all the same."""
    new = interpreter(loader=on_musl("1.2.5"))
    exports = catalog().symbols("x86_64").exports_of(release("1.2.5"))

    assert answer_of(wheel(extension(undefined=uses("open64"))), target(new, exports=exports)).loads is True


def test_a_static_interpreter_loads_no_module() -> None:
    """Whatever the tag says."""
    found = answer_of(wheel(extension(), platform="linux_x86_64"), target(interpreter(libc=Libc.STATIC, loader=None)))

    assert (found.installs, found.loads, found.code) == (True, False, "ENV001")


def test_a_wheel_without_binaries_needs_no_loader() -> None:
    """Also where none would do."""
    facts = wheel(platform="any", python="py3", abi="none", others=("demo/__init__.py",))

    assert answer_of(facts, target(interpreter(libc=Libc.STATIC, loader=None))).loads is True


@pytest.mark.parametrize(
    "facts", [{"libc": Libc.GLIBC, "loader": GLIBC}, {"loader": on_musl("1.2.99")}, {"loader": on_musl("?")}]
)
def test_what_the_policies_do_not_know_is_not_judged(facts: dict[str, object]) -> None:
    """glibc, and releases without data."""
    assert answer_of(wheel(extension()), target(interpreter(**facts))).loads is None


def test_binaries_of_another_architecture_do_not_load() -> None:
    """The tag lies: it is a wheel for linux_x86_64 with modules for aarch64."""
    facts = wheel(extension(identity=AARCH64), platform="linux_x86_64")

    assert (answer_of(facts).installs, answer_of(facts).loads) == (True, False)


def test_a_refused_wheel_says_what_else_is_wrong() -> None:
    """Forcing it in would not help."""
    facts = wheel(extension(undefined=uses("statx")), python="cp311", abi="cp311")

    found = answer_of(facts)

    assert (found.installs, found.loads) == (False, False)
    assert "pip will not install it: it is for cp311-cp311" in found.sentence
    assert "and if it were installed, it will fail to import" in found.sentence
