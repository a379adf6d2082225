"""
Where wheels come from: one file per kind of source.

May import ``archive`` and the core.
Read ``files`` first.
"""
