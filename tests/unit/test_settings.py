"""What the judge and the gate are asked: what means nothing cannot be asked."""

import inspect
from typing import cast

import pytest

from musl_audit import Settings, UsageError


@pytest.mark.parametrize("name", ["select", "ignore", "exclude"])
def test_a_text_is_no_tuple_of_texts(name: str) -> None:
    """``"MUSL4"`` would be five prefixes, of which the first is every code."""
    with pytest.raises(UsageError, match=f"Settings.{name}: a tuple of texts is wanted, not 'MUSL4'"):
        Settings(**{name: cast("tuple[str, ...]", "MUSL4")})  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize("words", [("MUSL9999",), ("nothing",), ("",)])
def test_an_unknown_code_is_told(words: tuple[str, ...]) -> None:
    """With the nearest one that there is."""
    with pytest.raises(UsageError, match="unknown code"):
        Settings(ignore=words)


def test_a_name_is_no_code() -> None:
    """The command line takes both, and means the code."""
    with pytest.raises(UsageError, match="'packed-relocations' is no code; MUSL401 is"):
        Settings(select=("packed-relocations",))


def test_a_code_of_some_files_is_looked_at_as_well() -> None:
    """As those of all files."""
    with pytest.raises(UsageError, match="unknown code"):
        Settings(per_file_ignores=(("tests/*", ("MUSL9999",)),))


@pytest.mark.parametrize("floor", ["", "1.2.4 ", "alpine 3.18"])
def test_a_floor_that_can_be_none_is_told(floor: str) -> None:
    """Which there are is up to the catalog; these are in no catalog."""
    with pytest.raises(UsageError, match="unknown floor"):
        Settings(floor=floor)


def test_the_fields_are_to_be_seen() -> None:
    """In ``help``, in an editor, in a shell."""
    assert list(inspect.signature(Settings).parameters)[:3] == ["floor", "floor_source", "fail_on"]
