"""What a mirror keeps: its settings, and what they say about a file whose places are known."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from musl_audit import Sighting, UsageError

SECTION = "musl_audit"
_CHOICES = {"keep": ("any", "all"), "judge": ("probe", "file"), "unjudgeable": ("keep", "drop")}
_FLAGS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_KEYS = ("on", *_CHOICES, "dry-run")


@dataclass(frozen=True)
class MirrorPolicy:
    """The section ``[musl_audit]`` of a mirror's configuration."""

    places: tuple[str, ...]
    needs_all: bool = False  # a file has to load on every place, not on one of them
    reads_whole: bool = False
    drops_unjudgeable: bool = False
    is_dry_run: bool = False

    def reason_against(self, sighting: Sighting) -> str | None:
        """Return why a file is left out, None where it is kept."""
        if not sighting.is_for_musl:
            return None
        failing = ", ".join(f"{place}: {reason}" for place, reason in sighting.fails_on)
        if failing and (self.needs_all or len(sighting.fails_on) == len(self.places)):
            return f"does not load on {failing}"
        if self.drops_unjudgeable and sighting.unknown_on and not sighting.loads_on:
            return f"cannot be judged for {', '.join(sighting.unknown_on)}"
        return None


def read_policy(section: Mapping[str, str]) -> MirrorPolicy:
    """Return what a section asks; raise ``UsageError`` with a line that names the key where it means nothing."""
    unknown = sorted(set(section) - set(_KEYS))
    if unknown:
        raise UsageError(f"[{SECTION}] {unknown[0]}: no such setting; there are {', '.join(_KEYS)}")
    places = tuple(section.get("on", "").split())
    if not places:
        raise UsageError(f"[{SECTION}] on: name what the mirror serves, such as alpine-3.15 or 1.2.2")
    chosen = {key: _choice(section, key) for key in _CHOICES}
    flag = section.get("dry-run", "false").lower()
    if flag not in _FLAGS:
        raise UsageError(f"[{SECTION}] dry-run: {flag!r} is neither true nor false")
    return MirrorPolicy(
        places,
        needs_all=chosen["keep"] == "all",
        reads_whole=chosen["judge"] == "file",
        drops_unjudgeable=chosen["unjudgeable"] == "drop",
        is_dry_run=_FLAGS[flag],
    )


def _choice(section: Mapping[str, str], key: str) -> str:
    words = _CHOICES[key]
    value = section.get(key, words[0])
    if value not in words:
        raise UsageError(f"[{SECTION}] {key}: {value!r} is none of {', '.join(words)}")
    return value


@dataclass
class Counts:
    """How many files were looked at, and what became of them."""

    others: int = 0  # no wheels for musl
    kept: int = 0
    left_out: int = 0
    bytes_left_out: int = 0
    unknown: int = 0
    by_project: dict[str, int] = field(default_factory=dict)

    def leave_out(self, project: str, size: int) -> None:
        """Count a file that is left out."""
        self.left_out += 1
        self.bytes_left_out += size
        self.by_project[project] = self.by_project.get(project, 0) + 1

    def line(self, *, is_dry_run: bool) -> str:
        """Return what happened, in one line."""
        verb = "would leave out" if is_dry_run else "left out"
        most = sorted(self.by_project.items(), key=lambda item: (-item[1], item[0]))[:5]
        named = f" ({', '.join(f'{project} {count}' for project, count in most)})" if most else ""
        return (
            f"musl-audit {verb} {self.left_out} of {self.left_out + self.kept} wheels for musl, "
            f"{self.bytes_left_out / 1e6:.1f} MB{named}; "
            f"{self.unknown} could not be judged, {self.others} files are others"
        )
