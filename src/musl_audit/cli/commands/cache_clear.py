"""
Delete what is kept of answers about wheels on indexes.

for example:
  musl-audit cache clear

exit code:
  0  nothing is left
  4  something could not be deleted
"""

from argparse import ArgumentParser, Namespace

from musl_audit.adapters.stores.directory import cache_directory
from musl_audit.adapters.stores.kinds import stores
from musl_audit.errors import MuslAuditError


def add_arguments(_parser: ArgumentParser) -> None:
    """There is nothing to ask."""


def run(_options: Namespace) -> int:
    """Delete everything, and return the exit code."""
    directory = cache_directory()
    left = sum(store.clear().entries for store in stores(directory))
    if left:
        raise MuslAuditError(f"{directory}: {left} files could not be deleted")
    return 0
