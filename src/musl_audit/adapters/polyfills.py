"""The polyfills that musl-audit ships, each held against its digest before it is used."""

import hashlib
from functools import cache
from pathlib import Path

from musl_audit.elf import read_elf
from musl_audit.errors import ElfError, RepairError
from musl_audit.policy import Arch
from musl_audit.repair.polyfilling import BuiltPolyfill

_SUMS = "SHA256SUMS"  # of all libraries, as sha256sum writes and checks them
_ADVICE = "the installation is damaged: reinstall musl-audit, or say --no-polyfill"


class ShippedPolyfills:
    """
    The built polyfills for one architecture.

    They lie below *directory*, by default that of the installed package, or of the repository.
    """

    def __init__(self, arch: Arch, directory: Path | None = None) -> None:
        self._arch = arch.name
        self._given = directory

    def find(self, library: str) -> BuiltPolyfill:
        """Return the library that is called so up to its digest."""
        names = [name for name in self._sums if name.startswith(f"{self._arch}/{library}-")]
        if len(names) != 1:
            raise RepairError(f"{self._directory / _SUMS} does not name one {library} for {self._arch}; {_ADVICE}")
        name = names[0].partition("/")[2]
        data = self.read(name)
        try:
            facts = read_elf(data, name)
        except ElfError as error:
            raise RepairError(f"{self._directory / names[0]}: {error}; {_ADVICE}") from error
        return BuiltPolyfill(name, self._sums[names[0]], facts)

    def read(self, name: str) -> bytes:
        """Return the bytes of a library, which are those that its digest was taken of."""
        path = self._directory / self._arch / name
        try:
            data = path.read_bytes()
        except OSError as error:
            raise RepairError(f"{path}: {error.strerror}; {_ADVICE}") from error
        if hashlib.sha256(data).hexdigest() != self._sums.get(f"{self._arch}/{name}"):
            raise RepairError(f"{path} is not what its digest was taken of; {_ADVICE}")
        return data

    @property
    def _directory(self) -> Path:
        return self._given or _shipped()

    @property
    def _sums(self) -> dict[str, str]:
        return _sums(self._directory / _SUMS)


@cache
def _sums(path: Path) -> dict[str, str]:
    """Return the digest of each library, by its path, such as ``x86_64/libmusl-polyfill-gettid-1a2b3c4d.so``."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise RepairError(f"{path}: {error}; {_ADVICE}") from error
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def _shipped() -> Path:
    package = Path(__file__).resolve().parent.parent
    candidates = (package / "polyfills", package.parent.parent / "polyfills" / "built")
    return next((path for path in candidates if (path / _SUMS).is_file()), candidates[0])
