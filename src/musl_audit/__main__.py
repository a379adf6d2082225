"""``python -m musl_audit``: the command ``musl-audit``."""

from musl_audit.cli import command

if __name__ == "__main__":
    command()
