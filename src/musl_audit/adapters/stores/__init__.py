"""
Stores: what is kept between runs below the user's cache directory.

May import ``judging`` and what is below it.
"""
