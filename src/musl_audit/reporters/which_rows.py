"""What ``which`` says to a program; ``policies/schema/which.schema.json`` describes it."""

from collections.abc import Iterable, Sequence

from musl_audit.environment.choices import Choice, Cost, OfferAnswer, VersionRung
from musl_audit.environment.destination import Destination
from musl_audit.environment.obstacles import reason_against
from musl_audit.reporters.rows import Row

SCHEMA_VERSION = 1


def which_row(
    choices: Iterable[Choice],
    destination: Destination,
    cost: Cost,
    *,
    version: str,
    policy: str,
    indexes: Sequence[str],
    exit_code: int,
) -> Row:
    """Return the whole answer."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "musl-audit", "version": version},
        "policy": policy,
        "destination": destination_row(destination),
        "indexes": list(indexes),
        "choices": [choice_row(choice) for choice in choices],
        "cost": {
            "files": cost.files,
            "bytes_of_files": cost.size,
            "bytes_fetched": cost.received,
            "requests": cost.requests,
        },
        "exit_code": exit_code,
    }


def destination_row(destination: Destination) -> Row:
    """Return where wheels are to load."""
    return {
        "musl": str(destination.release),
        "distribution": destination.distribution.id if destination.distribution else None,
        "arch": destination.arch,
        "python": destination.python,
        "free_threaded": destination.is_free_threaded,
        "interpreter": destination.interpreter,
    }


def choice_row(choice: Choice) -> Row:
    """Return the answer to one requirement."""
    found = choice.found
    return {
        "requirement": choice.requirement,
        "project": choice.project,
        "status": choice.status.value,
        "locked": choice.is_locked,
        "version": found.version if found else None,
        "file": file_row(found.chosen) if found and found.chosen else None,
        "versions": [_rung_row(rung) for rung in choice.rungs],
        "newer_without_file": list(choice.unfit),
        "message": choice.message,
    }


def _rung_row(rung: VersionRung) -> Row:
    return {
        "version": rung.version,
        "loads": rung.chosen is not None,
        "files": [file_row(answer) for answer in rung.answers],
    }


def file_row(answer: OfferAnswer) -> Row:
    """Return the answer about one file."""
    obstacle = answer.obstacle
    return {
        "filename": answer.file.filename,
        "sha256": answer.file.sha256,
        "size": answer.file.size,
        "loads": answer.loads,
        "known_by": answer.basis.value,
        "code": obstacle.code if obstacle else None,
        "members": list(obstacle.members) if obstacle else [],
        "symbols": list(obstacle.symbols) if obstacle else [],
        "libraries": list(obstacle.libraries) if obstacle else [],
        "message": reason_against(answer),
    }
