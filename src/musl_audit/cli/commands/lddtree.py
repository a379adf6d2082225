"""
The same as `musl-audit tree`, under auditwheel's name.

for example:
  musl-audit lddtree demo/_demo.so

exit code:
  0  it was told
  2  wrong usage
  4  the file could not be read
"""

from musl_audit.cli.commands.tree import add_arguments, run

__all__ = ["add_arguments", "run"]
