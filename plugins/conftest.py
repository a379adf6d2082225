"""What tests of the plug-ins miss is said as in ``tests/``."""

from tests.conftest import miss

__all__ = ["miss"]
