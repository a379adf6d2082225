"""A host, its Python and some wheels: what they are, and why they take, or refuse, each other."""

import os
from collections.abc import Iterable, Sequence
from os import PathLike

from musl_audit.adapters.catalogs import PolicyDirectory, policies_directory
from musl_audit.adapters.interpreter.choosing import Surroundings, choose
from musl_audit.adapters.interpreter.execution import execute
from musl_audit.adapters.interpreter.host import read_host
from musl_audit.adapters.interpreter.python import (
    DEFAULT_PATH,
    InterpreterError,
    read_interpreter,
)
from musl_audit.adapters.tree import PathError, Tree
from musl_audit.environment.context import EnvironmentContext
from musl_audit.environment.installed.values import Asked, Installation
from musl_audit.environment.judge import exit_code, findings_of
from musl_audit.environment.kernel_headers import KernelHeaders, read_kernel_headers
from musl_audit.environment.rules.env901_could_not_read import RULE as COULD_NOT_READ
from musl_audit.environment.tags import platform_tags
from musl_audit.environment.values import Environment, Host, Interpreter
from musl_audit.errors import UsageError, did_you_mean
from musl_audit.frozen import frozen, replace
from musl_audit.loader.extension_suffixes import extension_suffixes, flags_of, triplet_of
from musl_audit.model import Failure, Finding, Severity, Skip
from musl_audit.policy import Catalog
from musl_audit.workflows.answering import answer_wheels
from musl_audit.workflows.inspecting import InstalledSettings, inspect_all, place_of_host


@frozen
class Explanation:
    """What was found out about an environment, and what is wrong with it."""

    context: EnvironmentContext
    findings: tuple[Finding, ...]
    skipped: tuple[Skip, ...] = ()  # what was named as a wheel and is none for musl

    @property
    def environment(self) -> Environment:
        """Host, interpreter and wheels."""
        return self.context.environment

    def with_failures(self, failures: tuple[Failure, ...]) -> "Explanation":
        """Return the same with what else could not be done."""
        if not failures:
            return self
        environment = replace(self.environment, failures=(*self.environment.failures, *failures))
        context = EnvironmentContext(environment, self.context.catalog, self.context.kernel_headers)
        return Explanation(context, findings_of(context), self.skipped)

    def exit_code(self, fail_on: Severity | None = Severity.ERROR) -> int:
        """Return 4 where something asked for could not be done, 1 for a finding at or above *fail_on*, else 0."""
        return exit_code(self.findings, fail_on)


def explain(
    python: str | None = None,
    *,
    root: str | PathLike[str] = "/",
    wheels: Iterable[str | PathLike[str]] = (),
    require: Iterable[str] = (),
    run: bool = False,
    search: Sequence[str] = (),
    policies: str | PathLike[str] | None = None,
    here: Surroundings | None = None,
    installed: InstalledSettings | None = None,
) -> Explanation:
    """
    Return what *python* is, what of its installed packages does not load, and what becomes of *wheels* there.

    *python* is an interpreter, an environment or a folder of packages, or a name that is looked for in *search* (by
    default the usual directories); None is what *here* says is in use, else the first ``python3`` there, and below
    another root all interpreters. *root* is another system, unpacked. *require* are names that depend on kernel
    headers, such as ``AF_NETLINK``. Nothing is executed unless *run* says so. *policies* is a directory of policies in
    place of those that are shipped. Raise ``UsageError`` for an unknown name, a root that is none, or *run* with one.
    """
    files = PolicyDirectory(policies if policies is not None else policies_directory())
    kernel_headers = read_kernel_headers(files)
    tree = _tree(os.fspath(root))
    if run and not tree.is_host:
        raise UsageError("--run executes programs of this system, and --root is about another: give one of them")
    required = tuple(_required(name, kernel_headers) for name in require)
    around = here or Surroundings()
    around = replace(around, path=tuple(search) or around.path or DEFAULT_PATH)
    settings = installed or InstalledSettings()
    asked = _Question(tree, Catalog(files), kernel_headers, python, around, settings, runs=run)
    return asked.answered(tuple(os.fspath(wheel) for wheel in wheels), required)


@frozen
class _Question:
    """What was asked, and where to look for the answer."""

    tree: Tree
    catalog: Catalog
    kernel_headers: KernelHeaders
    python: str | None
    here: Surroundings
    installed: InstalledSettings
    runs: bool

    def answered(self, wheels: Sequence[str], required: tuple[str, ...]) -> Explanation:
        """Return the explanation."""
        environment, skipped = self._environment(wheels, required)
        version = environment.interpreter.minor if environment.interpreter else None
        context = EnvironmentContext(environment, self.catalog, self.kernel_headers.for_version(version))
        return Explanation(context, findings_of(context), skipped)

    def _environment(self, wheels: Sequence[str], required: tuple[str, ...]) -> tuple[Environment, tuple[Skip, ...]]:
        host = read_host(self.tree, self.catalog)
        read, folders, failures = self._interpreters()
        installations = inspect_all(self.tree, self.catalog, host, read, folders, self.installed)
        if self.installed.whole_system:
            installations = (*installations, self._system(host, installations))
        asked = Asked("" if self.tree.is_host else self.tree.name, self.installed.folders)
        if not read:
            if not failures and (required or wheels):
                message = f"no python3 in {':'.join(self.here.path)}: name one"
                failures = (Failure("python3", COULD_NOT_READ.code, message),)
            environment = Environment(host, None, (), (), installations, asked, required, failures)
            return environment, ()
        found = read[0]
        platforms = platform_tags(found, host.kernel)
        answered = answer_wheels(wheels, self.tree, found, platforms, self.catalog)
        failures = (*failures, *answered.failures)
        environment = Environment(host, found, platforms, answered.answers, installations, asked, required, failures)
        return environment, answered.skipped

    def _system(self, host: Host, installations: Sequence[Installation]) -> Installation:
        """Return what all other packages of the system are like."""
        from musl_audit.workflows.inspecting_systems import inspect_system

        sites = {site.path for item in installations for site in item.sites}
        place = place_of_host(host, self.catalog)
        jobs = self.installed.jobs
        return inspect_system(self.tree, self.catalog, host, place=place, judged=sites, jobs=jobs)

    def _interpreters(self) -> tuple[list[Interpreter], tuple[str, ...], tuple[Failure, ...]]:
        """Return the interpreters to explain, further folders of the first, and what could not be read of them."""
        read: list[Interpreter] = []
        failures: list[Failure] = []
        try:
            choice = choose(self.tree, self._named(), self.here)
        except InterpreterError as error:
            return [], (), (Failure(self.python or "python3", COULD_NOT_READ.code, str(error)),)
        for chosen in choice.interpreters:
            try:
                found = read_interpreter(self.tree, chosen.path, self.catalog)
            except InterpreterError as error:
                failures.append(Failure(chosen.path, COULD_NOT_READ.code, str(error)))
                continue
            found = replace(found, chosen=chosen.reason)
            read.append(_executed(found, self.kernel_headers) if self.runs else found)
        return read, choice.folders, tuple(failures)

    def _named(self) -> str | None:
        """Return the absolute path, inside the root, of what was named as a shell would take it; or a name."""
        if self.python is None:
            return None
        if not self.tree.is_host:
            return os.path.join("/", self.python) if "/" in self.python else self.python  # noqa: PTH118
        is_path = "/" in self.python or os.path.isdir(self.python)  # noqa: PTH112
        return os.path.join(os.getcwd(), self.python) if is_path else self.python  # noqa: PTH109, PTH118


def _executed(found: Interpreter, kernel_headers: KernelHeaders) -> Interpreter:
    """Return *found* with what it says when it is executed, which wins over what its files say."""
    run = execute(found, kernel_headers.names)
    soabi = run.soabi or found.soabi
    found = replace(
        found,
        run=run,
        version=run.version or found.version,
        implementation=run.implementation or found.implementation,
        soabi=soabi,
        is_free_threaded=found.is_free_threaded or "t" in flags_of(run.soabi or ""),
    )
    triplet = triplet_of(soabi) if soabi else found.triplet
    told = extension_suffixes(soabi, found.minor, triplet=triplet, is_free_threaded=found.is_free_threaded)
    return replace(found, suffixes=run.suffixes or told)


def _required(name: str, kernel_headers: KernelHeaders) -> str:
    full = kernel_headers.qualified(name)
    if full is None:
        known = {form for known in kernel_headers.names for form in (known, known.rpartition(".")[2])}
        near = did_you_mean(name, sorted(known))
        raise UsageError(f"--require {name}: not a name that depends on kernel headers{near}")
    return full


def _tree(root: str) -> Tree:
    if root == "/":
        return Tree()
    from musl_audit.adapters.images.tree import open_tree

    try:
        return open_tree(root)
    except PathError as error:
        raise UsageError(f"--root {error}") from error
