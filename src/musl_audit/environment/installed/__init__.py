"""
What is installed for an interpreter, and whether the libc that is there loads it.

Pure, as all of ``environment``: the adapters of ``adapters/installed`` bring the facts, and answer through ``Files``.
Read ``judge`` first, then ``linkage``.
"""
