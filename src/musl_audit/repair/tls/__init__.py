"""
Initial-exec TLS made right in a file that is loaded with ``dlopen``: each access computes what the loader refuses.

One file per architecture (``x86_64``, ``aarch64``) behind the port in ``machine``; ``rewrite`` is the whole story.
Imports ``elf`` and what ``repair.relr`` knows of room in a file. Begin with ``docs/explanation/tls.md``.
"""

from musl_audit.repair.tls.rewrite import REWRITABLE, rewrite_accesses

__all__ = ["REWRITABLE", "rewrite_accesses"]
