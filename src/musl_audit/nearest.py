"""What somebody who mistyped a name probably meant."""

from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """
    Return the end of a sentence that offers the one of *known* that is nearest to *word*, or nothing.

    >>> did_you_mean("chekc", ["show", "check"])
    "; did you mean 'check'?"
    """
    from difflib import get_close_matches

    names = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), names, n=1, cutoff=0.5)
    return f"; did you mean {names[near[0]]!r}?" if near else ""
