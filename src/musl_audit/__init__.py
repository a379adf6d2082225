"""
musl-audit: which musl can load each binary of a Python wheel, and why.

The public API is what ``__all__`` lists; all else is private. A name is imported when it is first used, so that
importing this package costs nearly nothing::

    from musl_audit import judge, load_catalog, read_facts

    report = judge(read_facts("dist/foo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl"), load_catalog())
    print(report.verdict.required_musl)
"""

TYPE_CHECKING = False  # as typing has it: importing typing would take ten times longer than this module
if TYPE_CHECKING:
    from musl_audit.adapters.catalogs import load_catalog
    from musl_audit.errors import ElfError, MuslAuditError, PolicyError, UsageError, WheelError
    from musl_audit.judging.audit import judge
    from musl_audit.model import (
        Claim,
        DistributionAnswer,
        ElfFacts,
        ElfIdentity,
        ElfKind,
        Evidence,
        ExternalLibrary,
        Finding,
        Fix,
        Loads,
        Member,
        MuslVersion,
        Problem,
        Report,
        Settings,
        Severity,
        Symbol,
        Verdict,
        VersionNeed,
        WheelFacts,
        WheelMetadata,
        WheelName,
    )
    from musl_audit.policy import Catalog
    from musl_audit.workflows.reading import read_facts

__version__ = "0.1.0"

__all__ = [
    "Catalog",
    "Claim",
    "DistributionAnswer",
    "ElfError",
    "ElfFacts",
    "ElfIdentity",
    "ElfKind",
    "Evidence",
    "ExternalLibrary",
    "Finding",
    "Fix",
    "Loads",
    "Member",
    "MuslAuditError",
    "MuslVersion",
    "PolicyError",
    "Problem",
    "Report",
    "Settings",
    "Severity",
    "Symbol",
    "UsageError",
    "Verdict",
    "VersionNeed",
    "WheelError",
    "WheelFacts",
    "WheelMetadata",
    "WheelName",
    "judge",
    "load_catalog",
    "read_facts",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    functions = {
        "judge": "judging.audit",
        "load_catalog": "adapters.catalogs",
        "read_facts": "workflows.reading",
        "Catalog": "policy",
    }
    module = functions.get(name, "errors" if name.endswith("Error") else "model")
    return getattr(import_module(f"{__name__}.{module}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
