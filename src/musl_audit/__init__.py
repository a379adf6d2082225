"""
musl-audit: which musl can load each binary of a Python wheel, and why.

The public API is what ``__all__`` lists; all else is private. A name is imported when it is first used, so that
importing this package costs nearly nothing::

    from musl_audit import examine

    for outcome in examine(["dist"]):
        print(outcome)
"""

TYPE_CHECKING = False  # as typing has it: importing typing takes longer than this module
if TYPE_CHECKING:
    from musl_audit.adapters.catalogs import load_catalog
    from musl_audit.adapters.runners.dask import Cluster
    from musl_audit.environment.choices import Choice, VersionRung
    from musl_audit.environment.installed.values import Installation, InstalledAnswer
    from musl_audit.environment.values import Environment
    from musl_audit.errors import (
        ElfError,
        IndexAccessError,
        MuslAuditError,
        PolicyError,
        RepairError,
        UsageError,
        WheelError,
    )
    from musl_audit.judging.audit import judge
    from musl_audit.judging.settings import Settings
    from musl_audit.model import (
        Claim,
        DistributionAnswer,
        ElfFacts,
        ElfIdentity,
        ElfKind,
        Evidence,
        ExternalLibrary,
        Failure,
        Finding,
        Fix,
        FixKind,
        LibraryStatus,
        Loads,
        Member,
        MuslVersion,
        Outcome,
        Problem,
        ProblemKind,
        Report,
        Severity,
        Skip,
        Symbol,
        Verdict,
        VersionNeed,
        WheelFacts,
        WheelKind,
        WheelMetadata,
        WheelName,
    )
    from musl_audit.policy import Catalog
    from musl_audit.repair.actions import RepairPlan, RepairSettings
    from musl_audit.reporters.rows import to_json
    from musl_audit.wheel.limits import Limits
    from musl_audit.workflows.admitting import Admission, admit
    from musl_audit.workflows.choosing_one import choose
    from musl_audit.workflows.examining import examine
    from musl_audit.workflows.explaining import Explanation, explain
    from musl_audit.workflows.inspecting import InstalledSettings
    from musl_audit.workflows.reading import read_facts
    from musl_audit.workflows.repairing import Repaired, RepairStatus, Searching, repair_wheel
    from musl_audit.workflows.surveying import Survey, survey
    from musl_audit.workflows.watching import Sighting, Watchman

__version__ = "0.1.0"

_HOMES = {  # of what is in none of errors and model
    "adapters.catalogs": ("load_catalog",),
    "adapters.runners.dask": ("Cluster",),
    "environment.choices": ("Choice", "VersionRung"),
    "environment.installed.values": ("Installation", "InstalledAnswer"),
    "environment.values": ("Environment",),
    "judging.audit": ("judge",),
    "judging.settings": ("Settings",),
    "policy": ("Catalog",),
    "repair.actions": ("RepairPlan", "RepairSettings"),
    "reporters.rows": ("to_json",),
    "wheel.limits": ("Limits",),
    "workflows.admitting": ("Admission", "admit"),
    "workflows.choosing_one": ("choose",),
    "workflows.examining": ("examine",),
    "workflows.explaining": ("Explanation", "explain"),
    "workflows.inspecting": ("InstalledSettings",),
    "workflows.reading": ("read_facts",),
    "workflows.repairing": ("RepairStatus", "Repaired", "Searching", "repair_wheel"),
    "workflows.surveying": ("Survey", "survey"),
    "workflows.watching": ("Sighting", "Watchman"),
}

__all__ = [
    "Admission",
    "Catalog",
    "Choice",
    "Claim",
    "Cluster",
    "DistributionAnswer",
    "ElfError",
    "ElfFacts",
    "ElfIdentity",
    "ElfKind",
    "Environment",
    "Evidence",
    "Explanation",
    "ExternalLibrary",
    "Failure",
    "Finding",
    "Fix",
    "FixKind",
    "IndexAccessError",
    "Installation",
    "InstalledAnswer",
    "InstalledSettings",
    "LibraryStatus",
    "Limits",
    "Loads",
    "Member",
    "MuslAuditError",
    "MuslVersion",
    "Outcome",
    "PolicyError",
    "Problem",
    "ProblemKind",
    "RepairError",
    "RepairPlan",
    "RepairSettings",
    "RepairStatus",
    "Repaired",
    "Report",
    "Searching",
    "Settings",
    "Severity",
    "Sighting",
    "Skip",
    "Survey",
    "Symbol",
    "UsageError",
    "Verdict",
    "VersionNeed",
    "VersionRung",
    "Watchman",
    "WheelError",
    "WheelFacts",
    "WheelKind",
    "WheelMetadata",
    "WheelName",
    "admit",
    "choose",
    "examine",
    "explain",
    "judge",
    "load_catalog",
    "read_facts",
    "repair_wheel",
    "survey",
    "to_json",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    home = next((module for module, names in _HOMES.items() if name in names), None)
    module = home or ("errors" if name.endswith("Error") else "model")
    return getattr(import_module(f"{__name__}.{module}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
