"""A host, its Python and some wheels: what they are, and why they take, or refuse, each other."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from os import PathLike

from musl_audit.adapters.catalogs import PolicyDirectory, policies_directory
from musl_audit.adapters.interpreter.execution import execute
from musl_audit.adapters.interpreter.host import read_host
from musl_audit.adapters.interpreter.python import (
    DEFAULT_PATH,
    InterpreterError,
    default_interpreter,
    find_interpreter,
    read_interpreter,
)
from musl_audit.adapters.tree import PathError, Tree
from musl_audit.environment.context import EnvironmentContext
from musl_audit.environment.judge import exit_code, findings_of
from musl_audit.environment.kernel_headers import KernelHeaders, read_kernel_headers
from musl_audit.environment.tags import platform_tags
from musl_audit.environment.values import Environment, Interpreter
from musl_audit.errors import UsageError, did_you_mean
from musl_audit.loader.extension_suffixes import extension_suffixes, flags_of, triplet_of
from musl_audit.model import Failure, Finding, Severity, Skip
from musl_audit.policy import Catalog
from musl_audit.workflows.answering import answer_wheels

NO_INTERPRETER = "ENV901"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What was found out about an environment, and what is wrong with it."""

    context: EnvironmentContext
    findings: tuple[Finding, ...]
    skipped: tuple[Skip, ...] = ()  # what was named as a wheel and is none for musl

    @property
    def environment(self) -> Environment:
        """Host, interpreter and wheels."""
        return self.context.environment

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
) -> Explanation:
    """
    Return what *python* is, which wheels it takes, and what becomes of *wheels* there.

    *python* is a path, or a name that is looked for in *search* (by default the usual directories); None is the first
    ``python3`` there. *root* is the directory of another system, unpacked. *require* are names that depend on kernel
    headers, such as ``AF_NETLINK``. Nothing is executed unless *run* says so. *policies* is a directory of policies in
    place of those that are shipped. Raise ``UsageError`` for an unknown name, a root that is none, or *run* with one.
    """
    files = PolicyDirectory(policies if policies is not None else policies_directory())
    kernel_headers = read_kernel_headers(files)
    tree = _tree(os.fspath(root))
    if run and not tree.is_host:
        raise UsageError("--run executes programs of this system, and --root is about another: give one of them")
    required = tuple(_required(name, kernel_headers) for name in require)
    asked = _Question(tree, Catalog(files), kernel_headers, python, tuple(search) or DEFAULT_PATH, runs=run)
    return asked.answered(tuple(os.fspath(wheel) for wheel in wheels), required)


@dataclass(frozen=True, slots=True)
class _Question:
    """What was asked, and where to look for the answer."""

    tree: Tree
    catalog: Catalog
    kernel_headers: KernelHeaders
    python: str | None
    folders: Sequence[str]
    runs: bool

    def answered(self, wheels: Sequence[str], required: tuple[str, ...]) -> Explanation:
        """Return the explanation."""
        environment, skipped = self._environment(wheels, required)
        version = environment.interpreter.minor if environment.interpreter else None
        context = EnvironmentContext(environment, self.catalog, self.kernel_headers.for_version(version))
        return Explanation(context, findings_of(context), skipped)

    def _environment(self, wheels: Sequence[str], required: tuple[str, ...]) -> tuple[Environment, tuple[Skip, ...]]:
        host = read_host(self.tree, self.catalog)
        found, failures = self._interpreter()
        if found is None:
            if not failures and (required or wheels):
                message = f"no python3 in {':'.join(self.folders)}: name one"
                failures = (Failure("python3", NO_INTERPRETER, message),)
            return Environment(host, None, required=required, failures=failures), ()
        platforms = platform_tags(found, host.kernel)
        answered = answer_wheels(wheels, self.tree, found, platforms, self.catalog)
        failures = (*failures, *answered.failures)
        return Environment(host, found, platforms, answered.answers, required, failures), answered.skipped

    def _interpreter(self) -> tuple[Interpreter | None, tuple[Failure, ...]]:
        named = self.python
        try:
            path = self._path(named) if named is not None else default_interpreter(self.tree, self.folders)
            found = read_interpreter(self.tree, path, self.catalog) if path is not None else None
        except InterpreterError as error:
            return None, (Failure(named or "python3", NO_INTERPRETER, str(error)),)
        return (_executed(found, self.kernel_headers) if found is not None and self.runs else found), ()

    def _path(self, named: str) -> str:
        """Return the absolute path, inside the root, of the interpreter that was named as a shell would take it."""
        if "/" in named:
            return os.path.join("/" if not self.tree.is_host else os.getcwd(), named)  # noqa: PTH109, PTH118
        return find_interpreter(self.tree, named, self.folders)


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
    try:
        return Tree(root)
    except PathError as error:
        raise UsageError(f"--root {error}") from error
