"""``python -m musl_audit``: the command ``musl-audit``."""

import sys

from musl_audit.cli import main

if __name__ == "__main__":
    sys.exit(main())
