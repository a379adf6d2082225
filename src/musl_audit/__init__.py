"""musl-audit: which musl can load each binary of a Python wheel, and why."""

__version__ = "0.1.0"
