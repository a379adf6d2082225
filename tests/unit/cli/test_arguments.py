"""Values of options."""

from argparse import ArgumentTypeError
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musl_audit.cli.arguments import comma_separated, count, one_of, size
from musl_audit.cli.dispatch import CommandParser, commands
from musl_audit.errors import UsageError
from musl_audit.judging.settings import codes


def parser() -> CommandParser:
    """Return a parser with a flag, a list and paths."""
    made = CommandParser("demo", "Do it.\n\nMore.")
    made.add_argument("paths", nargs="*")
    made.add_argument("--flag", action="store_true")
    made.add_argument("--word", action="extend", type=comma_separated)
    return made


def test_options_and_paths_may_be_mixed() -> None:
    """As in every other tool."""
    options = parser().read(["a", "--flag", "b", "--word", "x,y", "c", "--word=z"])

    assert (options.paths, options.flag, options.word) == (["a", "b", "c"], True, ["x", "y", "z"])


def test_what_follows_two_dashes_is_a_path() -> None:
    """However it begins."""
    assert parser().read(["--", "--flag", "-x"]).paths == ["./--flag", "./-x"]


def test_options_are_not_guessed_from_their_beginning() -> None:
    """A later option would change what a script means."""
    with pytest.raises(UsageError, match="unknown option '--fla'; did you mean '--flag'"):
        parser().read(["--fla"])


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("64k", 65536), ("64M", 64 << 20), ("4G", 4 << 30)])
def test_sizes_have_units(text: str, number: int) -> None:
    """Powers of 1024."""
    assert size(text) == number


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "k", "4T", "٣", "9" * 40, "1 ", "0x10"])
def test_what_is_no_size_is_refused(text: str) -> None:
    """Nor is zero: it would refuse every wheel."""
    with pytest.raises(ArgumentTypeError):
        size(text)


@given(st.text())
def test_any_text_is_a_count_or_refused(text: str) -> None:
    """Never another error."""
    with suppress(ArgumentTypeError):
        assert count(text) >= 1


def test_an_empty_part_of_a_list_is_refused() -> None:
    """An empty code would be the beginning of all of them."""
    with pytest.raises(ArgumentTypeError, match="empty part"):
        comma_separated("MUSL401,")


def test_the_nearest_choice_is_offered() -> None:
    """One that was probably meant."""
    with pytest.raises(ArgumentTypeError, match="did you mean 'always'"):
        one_of(("auto", "always", "never"))("alway")


def test_commands_are_found_by_file_name() -> None:
    """A new one is one new file."""
    assert {"show", "check", "rule", "policy list", "policy diff", "policy derive"} <= set(commands())


@pytest.mark.parametrize(
    ("word", "code"),
    [("MUSL401", "MUSL401"), ("musl4", "MUSL4"), ("M", "M"), ("packed-relocations", "MUSL401"), ("IFUNC", "MUSL403")],
)
def test_codes_may_be_beginnings_and_names(word: str, code: str) -> None:
    """In either case."""
    assert codes([word], "") == (code,)


@pytest.mark.parametrize("word", ["", "X", "MUSL9999", "MUSL40*", "packed"])
def test_a_word_that_means_no_rule_is_refused(word: str) -> None:
    """An ignore that matches nothing by mistake would be believed."""
    with pytest.raises(UsageError, match="unknown code"):
        codes([word], "")
