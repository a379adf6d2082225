"""The JSON contract of ``musl-audit env``; ``policies/schema/env.schema.json`` describes it."""

from musl_audit.environment.context import EnvironmentContext
from musl_audit.environment.kernel_headers import lost_names
from musl_audit.environment.os_release import known_distribution
from musl_audit.environment.values import Host, Interpreter, Loader, Run, WheelAnswer
from musl_audit.model import Failure, Finding
from musl_audit.policy import Catalog
from musl_audit.reporters.installed_rows import installed_row
from musl_audit.reporters.rows import SCHEMA_VERSION, Row, finding_row
from musl_audit.reporters.sentence import summary


def env_row(
    context: EnvironmentContext, findings: tuple[Finding, ...], *, version: str, settings: Row, exit_code: int
) -> Row:
    """Return everything that was found out."""
    environment = context.environment
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "musl-audit", "version": version},
        "policy": context.catalog.version,
        "settings": settings,
        "host": _host(environment.host, context.catalog),
        "interpreter": _interpreter(environment.interpreter, context) if environment.interpreter else None,
        "installed": installed_row(environment.installations, context.catalog, environment.asked),
        "wheels": [_wheel(wheel) for wheel in environment.wheels],
        "findings": [finding_row(finding) for finding in findings],
        "failures": [_failure(failure) for failure in environment.failures],
        "summary": {
            f"{severity}s": sum(finding.severity == severity for finding in findings)
            for severity in ("error", "warning", "note")
        },
        "exit_code": exit_code,
    }


def _host(host: Host, catalog: Catalog) -> Row:
    found = host.os_release
    arch = catalog.arches.get(host.arch or "")
    known = known_distribution(found, catalog.distributions, bits=arch.bits if arch else None) if found else None
    return {
        "root": host.root,
        "libc": host.libc.value,
        "release": host.loader.release if host.loader else None,
        "is_known": host.loader is not None and host.loader.musl in catalog.releases,
        "told_by": host.told_by,
        "loader": _loader(host.loader) if host.loader else None,
        "arch": host.arch,
        "kernel": host.kernel,
        "os_release": {"id": found.id, "version_id": found.version_id, "pretty_name": found.pretty_name}
        if found
        else None,
        "distribution": {
            "id": known.id,
            "name": known.name,
            "release": known.release,
            "musl": str(known.musl),
            "supported_until": known.supported_until,
        }
        if known
        else None,
        "other_loaders": [_loader(loader) for loader in host.others],
    }


def _loader(loader: Loader) -> Row:
    return {
        "path": loader.path,
        "libc": loader.libc.value,
        "release": loader.release,
        "exists": loader.exists,
        "detail": loader.detail or None,
    }


def _interpreter(interpreter: Interpreter, context: EnvironmentContext) -> Row:
    musl, loader = interpreter.musl, interpreter.loader
    return {
        "path": interpreter.path,
        "chosen": interpreter.chosen or None,
        "executable": interpreter.executable,
        "virtual_environment": interpreter.environment,
        "prefix": interpreter.prefix,
        "implementation": interpreter.implementation,
        "version": interpreter.version,
        "arch": interpreter.arch,
        "libc": interpreter.libc.value,
        "is_static": loader is None,
        "loader": _loader(loader) if loader else None,
        "musl": str(musl) if musl else None,
        "is_known": musl in context.catalog.releases,
        "platform_tags": context.environment.platform_tags,
        "musllinux_tags": [tag for tag in context.environment.platform_tags if tag.startswith("musllinux_")],
        "soabi": interpreter.soabi,
        "extension_suffixes": interpreter.suffixes,
        "is_free_threaded": interpreter.is_free_threaded,
        "is_debug": interpreter.is_debug,
        "pip": interpreter.pip,
        "build": _build(context),
        "run": _run(interpreter.run) if interpreter.run else None,
    }


def _build(context: EnvironmentContext) -> Row | None:
    if context.build is None:
        return None
    missing = context.missing_macros
    return {
        "sources": context.build.sources,
        "examined_macros": [row.macro for row in context.kernel_headers.examined(context.build)],
        "missing_macros": [row.macro for row in missing],
        "missing_names": lost_names(missing),
        "affected_packages": [
            {"name": package.name, "symptom": package.symptom} for row in missing for package in row.packages
        ],
    }


def _run(run: Run) -> Row:
    return {
        "musl": run.musl,
        "version": run.version,
        "implementation": run.implementation,
        "soabi": run.soabi,
        "extension_suffixes": run.suffixes,
        "platform": run.platform,
        "problem": run.problem or None,
    }


def _wheel(wheel: WheelAnswer) -> Row:
    return {
        "path": wheel.path,
        "wheel": wheel.filename,
        "installs": wheel.installs,
        "tag": wheel.tag,
        "why_not": wheel.why_not or None,
        "loads": wheel.loads,
        "because": wheel.code,
        "members": wheel.members,
        "symbols": wheel.symbols,
        "libraries": wheel.libraries,
        "answer": wheel.sentence,
        "summary": summary(wheel.report) if wheel.report is not None else None,
    }


def _failure(failure: Failure) -> Row:
    return {"path": failure.path, "code": failure.code, "message": failure.message}
