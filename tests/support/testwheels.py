"""The test wheels and what their manifest says of them."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from musl_audit.judging.rules import all_rules

DIRECTORY = Path(__file__).parents[2] / "testwheels"


@dataclass(frozen=True, slots=True)
class Expected:
    """
    One entry of the manifest; ``loads_on`` is None where the wheel alone does not decide it.

    ``severities`` are those of all ``rules``: the manifest names only those that are not the rule's own.
    """

    case: str
    file: str
    rules: tuple[str, ...]
    severities: dict[str, str]
    outcome: str  # report, failure, skip
    near_miss_of: str | None
    loads: str | None
    loads_on: tuple[str, ...] | None

    @property
    def path(self) -> Path:
        """Where the wheel lies."""
        return DIRECTORY / "wheels" / self.file


@cache
def manifest() -> dict[str, Expected]:
    """Return every entry by its case."""
    data = tomllib.loads((DIRECTORY / "MANIFEST.toml").read_text())
    own = {module.rule.code: str(module.rule.severity) for module in all_rules()}
    return {
        case: Expected(
            case=case,
            file=row["file"],
            rules=tuple(row["rules"]),
            severities={code: own[code] for code in row["rules"]} | row.get("severities", {}),
            outcome=row["outcome"],
            near_miss_of=row.get("near_miss_of"),
            loads=row.get("loads"),
            loads_on=tuple(row["loads_on"]) if "loads_on" in row else None,
        )
        for case, row in data["wheels"].items()
    }


@cache
def releases() -> frozenset[str]:
    """Return the musl releases that the manifest's expectations are about."""
    return frozenset(tomllib.loads((DIRECTORY / "MANIFEST.toml").read_text())["releases"])
