"""Which distribution a system is, and what the policies know of it."""

import pytest
from tests.support.values import catalog

from musl_audit.environment.os_release import known_distribution, parse_os_release
from musl_audit.environment.values import OsRelease


@pytest.mark.parametrize(
    ("text", "pretty_name"),
    [
        ("PRETTY_NAME='A B'\n", "A B"),
        ('# c\nPRETTY_NAME="A B"\n', "A B"),
        ("NAME=A\n", "A"),
        ("garbage\n=\n\0\n", ""),
        ('PRETTY_NAME="\n', '"'),
    ],
)
def test_values_in_quotes_and_without(text: str, pretty_name: str) -> None:
    """The file is read by shells, and is no shell script here."""
    assert parse_os_release(text).pretty_name == pretty_name


@pytest.mark.parametrize(
    ("id_", "version", "bits", "known"),
    [
        ("alpine", "3.17.7", 64, "alpine-3.17"),
        ("alpine", "3.10.0", 64, "alpine-3.10"),
        ("alpine", "3.25_alpha20260801", 64, "alpine-edge"),
        ("openwrt", "23.05.3", 32, "openwrt-23.05"),
        ("void", "", 64, "void-64-rolling"),
        ("void", "", 32, "void-32-rolling"),
        ("chimera", "", 64, "chimera-rolling"),
        ("debian", "12", 64, None),
        ("alpine", "9.9.9", 64, None),
    ],
)
def test_what_the_policies_know(id_: str, version: str, bits: int, known: str | None) -> None:
    """A patch release is one of its release; a rolling one has no version."""
    found = known_distribution(OsRelease(id_, version), catalog().distributions, bits=bits)

    assert (found.id if found else None) == known
