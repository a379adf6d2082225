"""Catalogs from the policy files on disk."""

import json
from pathlib import Path

from musl_audit.errors import PolicyError
from musl_audit.policy import Catalog


class PolicyDirectory:
    """The policy files below a directory."""

    __slots__ = ("path",)

    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self, folder: str) -> tuple[str, ...]:
        """Return the names, without ``.json``, of the files in *folder*, sorted."""
        try:
            entries = sorted(entry.name for entry in (self.path / folder).iterdir())
        except OSError as error:
            raise PolicyError(f"{self.path / folder}: {error.strerror}") from error
        return tuple(name.removesuffix(".json") for name in entries if name.endswith(".json"))

    def read(self, path: str) -> object:
        """Return the parsed JSON of a file; raise ``PolicyError`` where it cannot be read or parsed."""
        try:
            return json.loads((self.path / path).read_bytes())
        except OSError as error:
            raise PolicyError(f"{self.path / path}: {error.strerror}") from error
        except ValueError as error:
            raise PolicyError(f"{self.path / path}: {error}") from error


def policies_directory() -> Path:
    """Return the directory of the policies: inside the installed package, or at the root of an editable install."""
    package = Path(__file__).parent
    candidates = (package / "policies", package.parents[1] / "policies")
    found = next((path for path in candidates if (path / "policy.json").is_file()), None)
    if found is None:
        raise PolicyError(f"no policies beside {package}: the installation is incomplete")
    return found


def load_catalog(directory: Path | None = None) -> Catalog:
    """
    Return the catalog of the policy files below *directory*, by default those that musl-audit ships.

    Files are read when a question first needs them; each of them that is missing, malformed or contradicts another
    raises ``PolicyError`` then.
    """
    return Catalog(PolicyDirectory(directory if directory is not None else policies_directory()))
