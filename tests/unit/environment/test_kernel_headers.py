"""What a build without kernel headers lacks."""

import pytest
from tests.support.environments import built, kernel_headers
from tests.support.roots import pyconfig

from musl_audit.environment.kernel_headers import lost_names
from musl_audit.environment.pyconfig import parse_pyconfig
from musl_audit.environment.values import Build

POLICY = kernel_headers()
FAMILIES = ("AF_NETLINK", "AF_CAN", "AF_VSOCK", "AF_QIPCRTR", "AF_TIPC", "AF_ALG")


def test_the_policy_is_what_the_real_configurations_differ_in() -> None:
    """All of it, and nothing else."""
    with_headers, without = (parse_pyconfig(pyconfig(name)) for name in ("with", "without"))
    differing = {name for name in with_headers if with_headers[name] != without.get(name)}

    assert {row.macro for row in POLICY.macros} == differing


def test_the_real_build_without_them_lacks_all() -> None:
    """And the one with them nothing."""
    builds = [Build((), parse_pyconfig(pyconfig(name))) for name in ("with", "without")]

    assert [len(POLICY.missing(build)) for build in builds] == [0, len(POLICY.macros)]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_socket_family_goes_with_its_header(family: str) -> None:
    """Each has one."""
    full = POLICY.qualified(family)
    assert full == f"socket.{family}"
    (row,) = (row for row in POLICY.macros if full in row.costs)

    assert POLICY.has(full, built(without=(row.macro,))) is False
    assert POLICY.has(full, built()) is True


def test_a_macro_that_is_not_mentioned_is_not_missing() -> None:
    """A version of CPython that does not ask for a header does not miss it either."""
    build = Build((), {"HAVE_LINUX_NETLINK_H": False})

    assert [row.macro for row in POLICY.missing(build)] == ["HAVE_LINUX_NETLINK_H"]
    assert POLICY.has("socket.AF_CAN", build) is None


def test_what_the_interpreter_says_wins_over_its_files() -> None:
    """It was asked, and the files may be another build's."""
    build = Build((), {"HAVE_LINUX_NETLINK_H": False}, {"socket.AF_NETLINK": True})

    assert POLICY.has("socket.AF_NETLINK", build) is True


def test_without_files_a_macro_is_told_by_its_names() -> None:
    """As ``--run`` asks for them; modules that a later Python dropped tell nothing."""
    names = dict.fromkeys(POLICY.names, True) | {"ossaudiodev": False, "socket.AF_VSOCK": False}
    names |= {name: False for name in POLICY.names if "VM_SOCKETS" in name or "VMADDR" in name}

    assert [row.macro for row in POLICY.missing(Build((), {}, names))] == ["HAVE_LINUX_VM_SOCKETS_H"]


def test_what_a_later_version_dropped_itself_is_not_lost() -> None:
    """``ossaudiodev`` went with 3.13, whatever headers there are."""
    lost = [lost_names(POLICY.for_version(version).macros) for version in ((3, 12), (3, 13), None)]

    assert ["ossaudiodev" in names for names in lost] == [True, False, True]
    assert set(lost[0]) - set(lost[1]) == {"ossaudiodev"}


def test_families_and_functions_come_before_their_constants() -> None:
    """A list that is cut off should begin with what matters."""
    names = lost_names(POLICY.macros)

    assert names.index("socket.AF_NETLINK") < names.index("socket.CAN_BCM")
    assert names.index("os.getrandom") < names.index("os.GRND_RANDOM")


def test_a_name_that_no_header_decides_about_is_none() -> None:
    """``AF_INET`` is always there."""
    assert POLICY.qualified("AF_INET") is None
