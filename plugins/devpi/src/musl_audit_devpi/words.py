"""A sentence as a status line may have it."""

import unicodedata

_LONGEST = 400  # characters; a status line is not for stories
_PLAIN = str.maketrans({"–": "-", "—": "-", "…": "...", "’": "'", "`": "'"})


def reason(sentence: str) -> str:
    """
    Return *sentence* as a status line may have it: printable ASCII, and not too long.

    >>> reason("Crashes on Alpine 3.13–3.17 (naïve)")
    'Crashes on Alpine 3.13-3.17 (naive)'
    """
    folded = unicodedata.normalize("NFKD", sentence.translate(_PLAIN)).encode("ascii", "ignore").decode()
    printable = " ".join("".join(character if character.isprintable() else " " for character in folded).split())
    return printable if len(printable) <= _LONGEST else printable[: _LONGEST - 3] + "..."
