"""
``musl-audit`` with the policies of ``frozen_catalog``: ``python -m tests.support.frozen ARGUMENT…``.

So that what a page shows stays true when a release of musl is added.
"""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.policies import FROZEN

from musl_audit.adapters import catalogs
from musl_audit.cli import main


def unpack(directory: Path) -> None:
    """Write the frozen policies as the files that they were."""
    for name, content in json.loads(FROZEN.read_text(encoding="utf-8")).items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content), encoding="utf-8")


if __name__ == "__main__":
    with TemporaryDirectory() as scratch:
        unpack(Path(scratch))
        catalogs.policies_directory = lambda: scratch
        code = main()
    sys.exit(code)
