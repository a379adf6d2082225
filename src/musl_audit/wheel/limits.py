"""How much of an archive is read before it is refused: bounds for hostile input."""

from musl_audit.frozen import frozen


@frozen
class Limits:
    """
    The most that one wheel may ask for.

    Real wheels stay far below: the largest members seen have 185 MB, and a well-compressed one inflates 23 times.
    """

    member_bytes: int = 4 << 30
    total_bytes: int = 16 << 30  # of all members together, as declared
    members: int = 100_000
    depth: int = 50  # of directories inside each other; 11 in the deepest wheel seen
    ratio: int = 1000  # inflated size to compressed size …
    ratio_from: int = 64 << 20  # … of members of more than this many bytes
