"""The addresses of the project, of which ``[project.urls]`` in ``pyproject.toml`` is the one place."""

from functools import cache


@cache
def address(label: str) -> str | None:
    """Return the address that the installed package gives for *label*, such as ``Documentation``."""
    from importlib.metadata import PackageNotFoundError, metadata

    try:
        rows = metadata("musl-audit").get_all("Project-URL") or []
    except PackageNotFoundError:  # a source tree on the path, never installed
        return None
    addresses = dict(row.split(", ", 1) for row in rows)
    return addresses.get(label)


def rule_address(code: str, name: str) -> str | None:
    """Return the address of a rule's page."""
    documentation = address("Documentation")
    page = "env" if code.startswith("ENV") else "rules"
    return f"{documentation}/reference/{page}/#{code.lower()}-{name}" if documentation else None
