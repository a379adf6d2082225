"""
A Python on disk, read or, if asked, executed: its loader, build, prefix and suffixes.

May import ``environment`` and what is below it.
Read ``python`` first.
"""
