"""MANIFEST.toml: what each wheel is there for and what must be said about it, for the tests and for people."""

import hashlib
import json
from collections.abc import Iterable, Mapping

from testwheels.case import RELEASES, Case

_HEAD = """\
# The test wheels: why each exists, and what musl-audit must say about it. Written by `make testwheels` from
# testwheels/cases/: change it there. The expectations come from the design and from what musl's loader was seen to
# do, never from the tool's own output.
#
#   rules             the codes that `check` reports with default settings, at any severity: these and no others
#   severities        the highest severity of those that have another than the rule's own
#   near_miss_of      the rule that the wheel nearly triggers
#   outcome           report; failure: it cannot be examined; skip: there is nothing to examine
#   loads_on          those of `releases` that exist for the architecture and on which everything in it loads and
#                     starts; required_musl and loads (all, some, none) are about these releases too. Missing: the
#                     wheel alone does not decide it
#   judged_by_loader  whether musl's own loader can be asked about what the wheel is there for; `reason`: why not
"""


def manifest_text(cases: Iterable[Case], wheels: Mapping[str, bytes], tools: Mapping[str, str]) -> str:
    """Return the manifest of *cases*, given the bytes of the *wheels* by file name."""
    tables = [f"[wheels.{case.name}]\n{_lines(_row(case, wheels[case.wheel]))}" for case in cases]
    releases = f"releases = {_value(RELEASES)}\n"
    return "\n".join([_HEAD, releases, f"[tools]\n{_lines(tools)}", *tables])


def _row(case: Case, wheel: bytes) -> dict[str, object]:
    severities = dict(_code_and_severity(found) for found in sorted(case.finds))
    row: dict[str, object] = {
        "file": case.wheel,
        "sha256": hashlib.sha256(wheel).hexdigest(),
        "arch": case.arch,
        "why": case.why,
        "rules": list(severities),
    }
    if any(severities.values()):
        row["severities"] = {code: severity for code, severity in severities.items() if severity}
    if case.near_miss_of:
        row["near_miss_of"] = case.near_miss_of
    row["outcome"] = case.outcome
    return row | _loads(case) | _judge(case) | dict(case.remarks)


def _code_and_severity(found: str) -> tuple[str, str | None]:
    """
    Return a code and its severity, None for the rule's own: what that is, the rule alone says.

    >>> _code_and_severity("MUSL301:note"), _code_and_severity("MUSL002")
    (('MUSL301', 'note'), ('MUSL002', None))
    """
    code, _, severity = found.partition(":")
    return code, severity or None


def _loads(case: Case) -> dict[str, object]:
    if case.loads_on is None:
        return {}
    known = case.known
    loads_on = [release for release in known if release in case.loads_on]
    word = "none" if not loads_on else "all" if len(loads_on) == len(known) else "some"
    lasting = next((r for r in known if all(later in loads_on for later in known[known.index(r) :])), None)
    required = {"required_musl": lasting} if lasting else {}
    return {"loads": word, **required, "loads_on": loads_on}


def _judge(case: Case) -> dict[str, object]:
    return {"judged_by_loader": case.unjudged is None} | ({"reason": case.unjudged} if case.unjudged else {})


def _lines(row: Mapping[str, object]) -> str:
    return "".join(f"{key} = {_value(value)}\n" for key, value in row.items())


def _value(value: object) -> str:
    """
    Return *value* as TOML writes it; JSON's strings, numbers, booleans and lists are TOML's too.

    >>> _value({"MUSL002": "note"})
    '{MUSL002 = "note"}'
    """
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_value(item)}" for key, item in value.items()) + "}"
    return json.dumps(value, ensure_ascii=True)
