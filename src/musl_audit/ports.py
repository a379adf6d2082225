"""The Protocols between the core and the world."""

from typing import Protocol

from musl_audit.model import Member, Problem


class Archive(Protocol):
    """An opened wheel: its directory, and the bytes of one member at a time."""

    @property
    def filename(self) -> str: ...

    @property
    def size(self) -> int: ...

    @property
    def sha256(self) -> str: ...

    @property
    def members(self) -> tuple[Member, ...]: ...

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the archive itself; complete once every member asked for was read."""

    def head(self, member: Member) -> bytes:
        """Return the first bytes of *member*, four at least if it has them."""

    def read(self, member: Member) -> bytes:
        """Return the bytes of *member*; raise ``WheelError`` where they contradict the directory or a limit."""

