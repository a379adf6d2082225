"""
Indexes: asking them over HTTP, reading their pages, and judging a file on them with as few bytes as possible.

May import ``judging`` and what is below it, and other adapters. Read ``asking`` first,
then ``verdicts``: cheapest first.
``httpx`` and ``simple_repository`` (extra ``index``) are imported in the functions that need them.
"""
