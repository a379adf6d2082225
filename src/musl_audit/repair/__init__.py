"""
What repair changes in a wheel: planned and predicted by pure functions, applied through ports.

May import ``judging`` and what is below it.
Read ``actions`` first, then ``plan``, ``predict`` and ``apply``; ``relr/`` unpacks relocations.
"""
