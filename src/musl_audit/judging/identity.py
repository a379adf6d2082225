"""What a finding is, whatever was rebuilt: the same words for the same fact in the next build of the wheel."""

import re
from collections.abc import Iterable
from hashlib import sha256

from musl_audit.model import Finding, Report

# What auditwheel and its kin put into the names of libraries that they copy: eight hexadecimal digits of the content.
_DIGEST = re.compile(r"(?:-[0-9a-f]{8})+(?=[.-]|$)")
_VERSIONED = re.compile(r"^([^/]+?)-[^/]*\.(data|dist-info)/")


def stable_name(name: str) -> str:
    """
    Return the name of a member or library without what a rebuild changes: digests, and the version of the wheel.

    >>> stable_name("numpy.libs/libgcc_s-0cd532bd-c8f934f9.so.1"), stable_name("uv-0.13.8.data/scripts/uv")
    ('numpy.libs/libgcc_s.so.1', 'uv.data/scripts/uv')
    """
    return _DIGEST.sub("", _VERSIONED.sub(r"\1.\2/", name))


def wheel_identity(report: Report) -> str:
    """Return what the wheel is for, without its version and build: the next release of a project is the same wheel."""
    if report.name is None:
        return report.filename
    tags = (".".join(tags) for tags in (report.name.python_tags, report.name.abi_tags, report.name.platform_tags))
    return "-".join([report.name.distribution, *tags])


def fingerprint(report: Report, finding: Finding) -> str:
    """Return 32 hexadecimal digits that stay the same while the same rule says the same of the same files."""
    members, libraries = (sorted(map(stable_name, names)) for names in (finding.members, finding.libraries))
    parts = [wheel_identity(report), finding.code, *members, "", *sorted(finding.symbols), "", *libraries]
    return digest(parts)


def digest(parts: Iterable[str]) -> str:
    """Return 32 hexadecimal digits of *parts*."""
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


class Unique:
    """Makes values unique: formats that are keyed by fingerprint would take two findings for one."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def __call__(self, value: str) -> str:
        """Return *value*, or one made of it and of how often it came before."""
        count = self._seen[value] = self._seen.get(value, 0) + 1
        return value if count == 1 else digest([value, str(count)])
