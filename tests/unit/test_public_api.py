"""The public API: what ``__all__`` lists."""

import pytest
from tests.support.cli import wheel

import musl_audit
from musl_audit import WheelError, judge, load_catalog, read_facts


def test_every_public_name_is_there() -> None:
    """Each is imported when it is first used."""
    assert [name for name in musl_audit.__all__ if getattr(musl_audit, name).__module__.startswith("musl_audit.")] == (
        musl_audit.__all__
    )


def test_public_names_are_listed() -> None:
    """For completion in a shell."""
    assert set(musl_audit.__all__) <= set(dir(musl_audit))


def test_other_names_are_not_there() -> None:
    """As for any module."""
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        musl_audit.nothing  # noqa: B018


def test_facts_are_read_and_judged() -> None:
    """Three calls from a path to an answer."""
    report = judge(read_facts(wheel("packed_relocations_x86_64")), load_catalog())

    assert str(report.verdict.required_musl) == "1.2.4"


def test_a_path_may_be_text() -> None:
    """As everywhere."""
    path = wheel("clean_x86_64")

    assert read_facts(str(path)) == read_facts(path)


def test_a_wheel_that_cannot_be_read_is_an_error_with_a_code() -> None:
    """For a program that goes on with the next one."""
    with pytest.raises(WheelError, match="No such file") as caught:
        read_facts("none-1.0-py3-none-any.whl")

    assert caught.value.code == "MUSL004"
