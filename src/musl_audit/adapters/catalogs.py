"""Catalogs from the policy files on disk."""

import json
import os
from os import PathLike

from musl_audit.errors import PolicyError
from musl_audit.policy import Catalog
from musl_audit.policy.check import faults_of


class PolicyDirectory:
    """The policy files below a directory."""

    __slots__ = ("path",)

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = os.fspath(path)

    def names(self, folder: str) -> tuple[str, ...]:
        """Return the names, without ``.json``, of the files in *folder*, sorted."""
        where = os.path.join(self.path, folder)
        try:
            entries = sorted(os.listdir(where))
        except OSError as error:
            raise PolicyError(f"{where}: {error.strerror}") from error
        return tuple(name.removesuffix(".json") for name in entries if name.endswith(".json"))

    def read(self, path: str) -> object:
        """Return the parsed JSON of a file; raise ``PolicyError`` where it cannot be read or parsed."""
        where = os.path.join(self.path, path)
        try:
            with open(where, "rb") as file:
                return json.loads(file.read())
        except OSError as error:
            raise PolicyError(f"{where}: {error.strerror}") from error
        except ValueError as error:
            raise PolicyError(f"{where}: {error}") from error


def policies_directory() -> str:
    """Return the directory of the policies: inside the installed package, or at the root of an editable install."""
    package = os.path.dirname(os.path.dirname(__file__))
    candidates = (package, os.path.dirname(os.path.dirname(package)))
    found = next((path for path in candidates if os.path.isfile(f"{path}/policies/policy.json")), None)
    if found is None:
        raise PolicyError(f"no policies beside {package}: the installation is incomplete")
    return os.path.join(found, "policies")


def load_catalog(directory: str | PathLike[str] | None = None) -> Catalog:
    """
    Return the catalog of the policy files below *directory*, by default those that musl-audit ships.

    Of those, files are read when a question first needs them. Another directory is checked whole: ``PolicyError`` names
    each file of it that is missing, malformed or contradicts another.
    """
    if directory is None:
        return Catalog(PolicyDirectory(policies_directory()))
    catalog = Catalog(PolicyDirectory(directory))
    if faults := faults_of(catalog):
        raise PolicyError(f"policies in {os.fspath(directory)}: {'; '.join(faults)}")
    return catalog


def policies_digest(directory: str | PathLike[str] | None = None) -> str:
    """
    Return the digest of all policy files below *directory*, by default those that musl-audit ships.

    What was judged by policies of one digest need not be judged by them again.
    """
    from hashlib import sha256

    root = os.fspath(directory) if directory is not None else policies_directory()
    digest = sha256()
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name != "schema")
        for name in sorted(name for name in names if name.endswith(".json")):
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                content = file.read()
            digest.update(f"{os.path.relpath(path, root)} {len(content)}\n".encode() + content)
    return digest.hexdigest()
