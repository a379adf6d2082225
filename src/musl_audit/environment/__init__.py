"""
Why a Python takes, or refuses, musllinux wheels: pure answers about facts that others read from disk.

May import ``judging`` and what is below it.
Read ``values`` first, then ``wheels``: one wheel against one interpreter.
"""
