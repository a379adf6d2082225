"""
What musl's loader and CPython's importer would do with the files of a wheel, by release.

May import ``policy`` and what is below it; nothing here has an opinion.
Read ``linkage`` first: which file provides each symbol and each NEEDED.
"""
