"""What ``musl-audit env`` says to people: the host, the interpreter, the wheels, the findings."""

from collections.abc import Iterator, Mapping, Sequence

from musl_audit.environment.context import EnvironmentContext
from musl_audit.environment.os_release import known_distribution
from musl_audit.environment.rules import rule_of
from musl_audit.environment.rules.env011_built_without_kernel_headers import RULE as WITHOUT_HEADERS
from musl_audit.environment.rules.env013_build_unknown import RULE as BUILD_UNKNOWN
from musl_audit.environment.rules.env901_could_not_read import RULE as COULD_NOT_READ
from musl_audit.environment.values import Host, Interpreter, Loader, WheelAnswer
from musl_audit.judging.rules.base import Teller
from musl_audit.loader.libc_names import Libc
from musl_audit.model import Finding, Severity
from musl_audit.policy import Catalog
from musl_audit.reporters.base import Paint, plain
from musl_audit.reporters.installed_text import InstalledText
from musl_audit.reporters.sentence import summary
from musl_audit.reporters.style import BAD, BOLD, CODE, GOOD, SEVERITY, plural
from musl_audit.reporters.text_layout import paragraph
from musl_audit.reporters.visible import visible

_COLUMN = 14


class EnvText:
    """The text about one environment."""

    def __init__(
        self, context: EnvironmentContext, *, width: int = 80, paint: Paint = plain, is_quiet: bool = False
    ) -> None:
        self._context = context
        self._width = max(width, 40)
        self._paint = paint
        self._is_quiet = is_quiet

    @property
    def _installed(self) -> InstalledText:
        return InstalledText(self._context.catalog, width=self._width, paint=self._paint, is_quiet=self._is_quiet)

    def text(self, findings: tuple[Finding, ...]) -> str:
        """Return all of it."""
        tellers = {finding: rule_of(finding.code).told_by for finding in findings}
        of_wheels = [finding for finding, teller in tellers.items() if teller is Teller.WHEEL_ANSWER]
        told = {path: finding for finding in of_wheels for path in finding.members}
        rest = tuple(finding for finding, teller in tellers.items() if teller is Teller.FINDING)
        environment = self._context.environment
        first = self._installed.lines(environment.installations, environment.asked)
        lines = [*first, *self._host(environment.host), *self._interpreter(), *self._wheels(told)]
        return "".join(f"{line}\n" for line in (*lines, *self._findings(rest)))

    # --- Host --------------------------------------------------------------------------------------------------

    def _host(self, host: Host) -> Iterator[str]:
        where = "This system" if host.root == "/" else f"The system below {host.root}"
        name = host.os_release.pretty_name if host.os_release else ""
        yield self._title(f"{where}: {name}" if name else where)
        yield from self._row("libc", _libc_of(host))
        yield from self._row("known as", _known_as(host, self._context.catalog))
        for loader in host.others:
            yield from self._row("also there", f"{loader.path}: {_release_of(loader)}; its programs do not ask for it")

    # --- Interpreter -------------------------------------------------------------------------------------------

    def _interpreter(self) -> Iterator[str]:
        environment = self._context.environment
        found = environment.interpreter
        yield ""
        if found is None:
            failed = any(failure.code == COULD_NOT_READ.code for failure in environment.failures)
            yield self._title("The interpreter: could not be read" if failed else "No interpreter was named or found")
            return
        chosen = f" ({found.chosen})" if found.chosen else ""
        yield self._title(f"The interpreter: {found.path}{chosen}")
        if found.executable != found.path:
            yield from self._row("is", found.executable)
        if found.environment:
            yield from self._row("environment", found.environment)
        yield from self._row("version", _version_of(found))
        yield from self._row("linked", _linked(found))
        yield from self._row("accepts", self._accepted(), GOOD if environment.platform_tags else "")
        yield from self._row("imports", ", ".join(found.suffixes) or "not known: neither build files nor modules tell")
        yield from self._row("built with", self._built_with())
        if found.pip:
            yield from self._row("pip", found.pip)

    def _accepted(self) -> str:
        tags = self._context.environment.platform_tags
        musl = [tag for tag in tags if tag.startswith("musllinux_")]
        if musl:
            return ", ".join(musl)
        many = [tag for tag in tags if tag.startswith("manylinux_")]
        return "no musllinux wheel" + (f"; {many[0]} and older" if many else "")

    def _built_with(self) -> str:
        build = self._context.build
        if build is None:
            return f"not known ({BUILD_UNKNOWN.code})"
        examined, missing = self._context.kernel_headers.examined(build), self._context.missing_macros
        if not examined:
            return "kernel headers or without, its files do not say"
        if not missing:
            return f"kernel headers: all {len(examined)} macros that depend on them"
        return f"{len(examined) - len(missing)} of {len(examined)} macros of kernel headers ({WITHOUT_HEADERS.code})"

    # --- Wheels ------------------------------------------------------------------------------------------------

    def _wheels(self, told: Mapping[str, Finding]) -> Iterator[str]:
        """Yield the answer about each wheel; the finding says the same, so that of it only code and hint are shown."""
        wheels = self._context.environment.wheels
        if not wheels:
            return
        yield ""
        yield self._title("The wheel" if len(wheels) == 1 else "The wheels")
        for wheel in wheels:
            yield f"  {visible(wheel.path)}"
            finding = told.get(wheel.path)
            text = visible(f"{finding.code} {wheel.sentence}" if finding else wheel.sentence)
            for line in paragraph(text, self._width, first="    ", rest="    "):
                yield self._paint(line, _style(wheel)) if _style(wheel) else line
            if wheel.report is not None and not self._is_quiet:
                yield from paragraph(visible(summary(wheel.report)), self._width, first="    ", rest="    ")
            if finding is not None and finding.hint and not self._is_quiet:
                yield from paragraph(finding.hint, self._width, first="    hint: ", rest="          ")

    # --- Findings ----------------------------------------------------------------------------------------------

    def _findings(self, findings: tuple[Finding, ...]) -> Iterator[str]:
        shown = [finding for finding in findings if not (self._is_quiet and finding.severity is Severity.NOTE)]
        if shown:
            yield ""
            yield self._title(f"Findings: {_counts(shown)}")
        for index, finding in enumerate(shown):
            if index:
                yield ""
            severity = self._paint(finding.severity.value, SEVERITY[finding.severity])
            yield f"  {severity} {self._paint(finding.code, CODE)} {finding.name}"
            yield from paragraph(visible(finding.sentence), self._width, first="    ", rest="    ")
            if finding.code == WITHOUT_HEADERS.code:
                yield from self._affected()
            if finding.hint and not self._is_quiet:
                yield from paragraph(visible(finding.hint), self._width, first="    hint: ", rest="          ")

    def _affected(self) -> Iterator[str]:
        packages = [package for row in self._context.missing_macros for package in row.packages]
        for package in sorted(packages, key=lambda package: package.name):
            text = f"{package.name}: {package.symptom}"
            yield from paragraph(text, self._width, first="      - ", rest="        ")

    # --- Lines -------------------------------------------------------------------------------------------------

    def _title(self, text: str) -> str:
        return self._paint(visible(text), BOLD)

    def _row(self, name: str, text: str, style: str = "") -> Iterator[str]:
        if not text:
            return
        start = f"  {name:<{_COLUMN}}"
        for line in paragraph(visible(text), self._width, first=start, rest=" " * len(start)):
            yield self._paint(line, style) if style else line


def _counts(findings: Sequence[Finding]) -> str:
    numbers = {severity: sum(finding.severity is severity for finding in findings) for severity in Severity}
    return ", ".join(plural(number, severity.value) for severity, number in reversed(numbers.items()) if number)


def _libc_of(host: Host) -> str:
    if host.libc is Libc.STATIC:
        return f"none that could be told: {host.told_by} is static, and no other program was found"
    if host.loader is None:
        return "could not be told: no /bin/sh, /usr/bin/env or /bin/ls that is a program"
    arch = f", {host.arch}" if host.arch else ""
    return f"{_release_of(host.loader)}{arch}: {host.told_by} asks for {host.loader.path}"


def _known_as(host: Host, catalog: Catalog) -> str:
    arch = catalog.arches.get(host.arch or "")
    bits = arch.bits if arch else None
    row = known_distribution(host.os_release, catalog.distributions, bits=bits) if host.os_release else None
    if row is None:
        return ""
    until = row.supported_until
    if until is None:
        return f"{row.id}, which ships musl {row.musl}"
    support = "supported until" if until >= catalog.date else "out of support since"
    return f"{row.id}, which ships musl {row.musl}, {support} {until}"


def _release_of(loader: Loader) -> str:
    if loader.detail.startswith("gcompat"):
        return loader.detail
    release = f" {loader.release}" if loader.release else ""
    return f"{loader.libc.value}{release}" if loader.libc is not Libc.OTHER else "a loader that is not known"


def _version_of(found: Interpreter) -> str:
    name = "CPython" if found.implementation == "cpython" else found.implementation
    flags = ("free-threaded", found.is_free_threaded), ("debug", found.is_debug)
    said = [name, found.version or "of unknown version", *(word for word, is_set in flags if is_set)]
    return f"{' '.join(said)}, {found.arch or 'of an unknown architecture'}"


def _linked(found: Interpreter) -> str:
    loader = found.loader
    if loader is None:
        return "statically: no extension module can ever be loaded (ENV001)"
    musl = found.musl
    what = f"musl {musl}" if musl else _release_of(loader)
    asked = ", as it says when executed" if found.run is not None and found.run.musl else ""
    if not loader.exists:
        return f"dynamically to {what}, by {loader.path}, which does not exist (ENV002)"
    return f"dynamically to {what}{asked}, by {loader.path}"


def _style(wheel: WheelAnswer) -> str:
    if wheel.installs is False or wheel.loads is False:
        return BAD
    return GOOD if wheel.installs and wheel.loads else ""
