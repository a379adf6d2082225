"""
Programs that change ELF files: patchelf and strip, in a private directory, within limits of time and memory.

May import ``repair`` and what is below it.
Read ``tools`` first.
"""
