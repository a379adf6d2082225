"""Text that comes out of a wheel, made safe to show."""


def visible(text: str) -> str:
    r"""
    Return *text* as one line in which nothing is hidden and nothing commands.

    Control, bidi, line-breaking, invisible and undecodable characters are written as escapes. ``::`` and ``##`` are
    broken up, because a line of a CI log that begins with ``::error::``, or has ``##[error]`` anywhere, is a command.

    >>> print(visible("a\nb\u202ec [red]"))
    a\x0ab\u202ec [red]
    >>> print(visible("::error::x"))
    :\x3aerror:\x3ax
    """
    if not text.isprintable():
        text = "".join(char if char.isprintable() else _escape(char) for char in text)
    if "::" in text or "##" in text:
        text = text.replace("::", r":\x3a").replace("##", r"#\x23")
    return text


def _escape(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
