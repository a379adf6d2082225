"""
The addresses of the project: those of ``[project.urls]`` in ``pyproject.toml``.

That is their one place, to which tests hold these two and the README's links. To read them out of the installed
package's metadata would take as long as to judge a wheel.
"""

SOURCE = "https://musl-audit.invalid/source"
DOCUMENTATION = "https://musl-audit.invalid/docs"


def rule_address(code: str, name: str) -> str:
    """
    Return the address of a rule's page.

    >>> rule_address("MUSL401", "packed-relocations").removeprefix(DOCUMENTATION)
    '/reference/rules/#musl401-packed-relocations'
    """
    page = "env" if code.startswith("ENV") else "rules"
    return f"{DOCUMENTATION}/reference/{page}/#{code.lower()}-{name}"
