"""
The mark of rewritten thread-local accesses, which a file carries behind the code that computes them.

It ends the executable segment that holds this code, so that it is found without section headers, and stays whatever
they become: strip, objcopy and patchelf keep what a segment loads.
"""

from musl_audit.elf.view import PT_LOAD, ElfView

MARK = b"musl-audit TLS 1"
PF_X = 1


def has_mark(image: ElfView) -> bool:
    """Tell whether the thread-local accesses of *image* were rewritten, and so are right from musl 1.1.22 on."""
    for load in image.segments_of_type(PT_LOAD):
        end = load.offset + load.file_size
        if load.flags & PF_X and load.file_size >= len(MARK) and image.bytes_at(end - len(MARK), end) == MARK:
            return True
    return False
