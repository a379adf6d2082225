"""What is installed, as the JSON of ``musl-audit env`` says it."""

from collections.abc import Sequence

from musl_audit.environment.installed.values import Asked, FileAnswer, Installation, InstalledAnswer
from musl_audit.environment.installed.ways_out import WayOut, ways_out
from musl_audit.policy import Catalog
from musl_audit.reporters.installed_words import verdict
from musl_audit.reporters.rows import Row, finding_row


def installed_row(installations: Sequence[Installation], catalog: Catalog, asked: Asked) -> Row | None:
    """Return everything about the installed packages; None where no interpreter was read."""
    if not installations:
        return None
    return {
        "verdict": list(verdict(installations)),
        "packages": sum(len(item.answers) for item in installations),
        "binaries": sum(item.binaries for item in installations),
        "broken": sum(len(item.broken) for item in installations),
        "environments": [_installation(item, catalog, asked) for item in installations],
    }


def _installation(item: Installation, catalog: Catalog, asked: Asked) -> Row:
    return {
        "interpreter": item.interpreter,
        "version": item.version or None,
        "libc": item.libc,
        "not_judged": item.why_not or None,
        "folders": [{"path": site.path, "reason": site.reason} for site in item.sites],
        "ways_out": [
            {"kind": way.kind, "sentence": way.sentence, "commands": way.commands}
            for way in ways_out(item, catalog, asked)
        ],
        "notes": item.notes,
        "unread": item.unread,
        "packages": [_answer(answer) for answer in item.answers],
    }


def _way(way: WayOut) -> Row:
    return {"kind": way.kind, "sentence": way.sentence, "commands": way.commands}


def _answer(answer: InstalledAnswer) -> Row:
    project = answer.project
    return {
        "name": project.name,
        "version": project.version or None,
        "folder": project.folder,
        "metadata": project.metadata,
        "files_from": project.origin.value,
        "owner": project.owner or None,
        "source": project.source or None,
        "tags": project.tags,
        "binaries": answer.binaries,
        "loads": answer.loads,
        "answer": answer.sentence or None,
        "required_musl": str(answer.needed) if answer.needed else None,
        "mendable": answer.is_mendable,
        "files": [_file(file) for file in answer.files],
        "findings": [finding_row(finding) for finding in answer.report.findings],
        "missing": answer.missing,
        "changed": answer.changed,
        "unread": answer.unread,
        "notes": answer.notes,
    }


def _file(file: FileAnswer) -> Row:
    return {"path": file.path, "outcome": file.outcome.value, "because": file.because}
