"""Text out of a wheel, made safe to show."""

import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from musl_audit.reporters.format_github import command
from musl_audit.reporters.format_markdown import code_span, escaped
from musl_audit.reporters.rows import dump
from musl_audit.reporters.visible import visible

ANYTHING = st.text(st.characters(exclude_categories=()))  # lone surrogates, too


@given(ANYTHING)
def test_nothing_is_hidden_and_nothing_moves_the_cursor(text: str) -> None:
    """Neither control nor format characters, nor line or paragraph separators, nor lone surrogates."""
    assert not {unicodedata.category(char) for char in visible(text)} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(ANYTHING)
def test_nothing_commands_a_ci_system(text: str) -> None:
    """GitHub reads ``::`` at the beginning of a line, and ``##[`` anywhere."""
    assert not {"::", "##"} & {visible(text)[at : at + 2] for at in range(len(visible(text)))}


@given(st.text(st.characters(categories=["L", "N"])))
def test_letters_of_any_language_stay(text: str) -> None:
    """An honest name looks as it is."""
    assert visible(text) == text


@given(ANYTHING)
def test_json_is_ascii_on_one_line(text: str) -> None:
    """Any reader can take it, and no line begins with what is in it."""
    said = dump({text: [text]})

    assert said.isascii()
    assert said.isprintable()
    assert "##" not in said


@given(ANYTHING)
def test_json_holds_characters_only(text: str) -> None:
    """A lone surrogate is none; strict readers refuse it."""
    (read,) = json.loads(dump([text]))

    assert read.encode("utf-8", "strict").decode() == text.encode("utf-8", "backslashreplace").decode()


@given(ANYTHING, ANYTHING, ANYTHING)
def test_an_annotation_is_one_command(path: str, title: str, text: str) -> None:
    """One line, two properties, one message."""
    said = command("error", path, title, [text, text])

    assert said.count("\n") == 1
    assert said.endswith("\n")
    head, _, data = said.removeprefix("::error file=").partition("::")
    assert head.count(",") == 1
    assert ":" not in head
    assert "::" not in data


@given(ANYTHING)
def test_markdown_cannot_open_anything(text: str) -> None:
    """Every character that could is behind a backslash."""
    said = escaped(text).replace(r"\\", "")

    assert not [at for at, char in enumerate(said) if char in "`*_[]<>|&@" and said[at - 1 : at] != "\\"]


@given(ANYTHING)
def test_code_in_markdown_ends_where_it_ends(text: str) -> None:
    """Neither backticks nor a cell of a table end it early."""
    said = code_span(text)
    inner = said.removeprefix("<code>").removesuffix("</code>") if said.startswith("<code>") else said[1:-1]

    assert "`" not in inner
    assert "<" not in inner or said.startswith("`")
    assert "|" not in inner.replace(r"\|", "")
