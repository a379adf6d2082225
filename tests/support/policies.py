"""Policies as values: the shipped files in memory, to be changed by a test before a catalog is made of them."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from musl_audit.adapters.catalogs import policies_directory
from musl_audit.policy import Catalog

Json = dict[str, object]
POLICIES = Path(policies_directory())
FROZEN = Path(__file__).resolve().parents[1] / "golden" / "policies.json"


@dataclass(frozen=True)
class PoliciesInMemory:
    """Policy files that exist nowhere but in a mapping of paths to parsed JSON."""

    contents: Mapping[str, object]

    def names(self, folder: str) -> tuple[str, ...]:
        paths = sorted(path for path in self.contents if path.startswith(f"{folder}/"))
        return tuple(path.removeprefix(f"{folder}/").removesuffix(".json") for path in paths)

    def read(self, path: str) -> object:
        return self.contents[path]


def shipped_files() -> list[str]:
    """Return the paths, below ``policies/``, of every policy file that is shipped."""
    paths = (path.relative_to(POLICIES) for path in POLICIES.rglob("*.json"))
    return sorted(path.as_posix() for path in paths if path.parts[0] != "schema")


def shipped(path: str) -> Json:
    """Return a fresh copy of a policy file that is shipped."""
    content: Json = json.loads((POLICIES / path).read_text(encoding="utf-8"))
    return content


def catalog_with(*, without: Collection[str] = (), **changed: object) -> Catalog:
    """
    Return the catalog of the shipped files, some of them replaced, those *without* left out.

    A keyword is a path with ``__`` for the slash and ``_`` for dots in it: ``musl__1_2_7`` is ``musl/1.2.7.json``.
    """
    paths = {key.replace("__", "/", 1): content for key, content in changed.items()}
    replaced = {
        (f"{path.replace('_', '.')}.json" if path.startswith("musl/") else f"{path}.json"): content
        for path, content in paths.items()
    }
    return Catalog(
        PoliciesInMemory({path: shipped(path) for path in shipped_files() if path not in without} | replaced)
    )


@cache
def frozen_catalog() -> Catalog:
    """Return the catalog of a day that is over: what it says stays as it is, whatever becomes known."""
    contents: Json = json.loads(FROZEN.read_text(encoding="utf-8"))
    return Catalog(PoliciesInMemory(contents))


def freeze() -> None:
    """Make the policies of today those of ``frozen_catalog``."""
    files = {path: shipped(path) for path in shipped_files()}
    rows = (f"{json.dumps(path)}: {json.dumps(content, ensure_ascii=False)}" for path, content in files.items())
    FROZEN.write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")
