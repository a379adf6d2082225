"""One run of ``env``: a host, an interpreter and wheels in, an explanation out."""

import os
from argparse import Namespace
from dataclasses import replace

from musl_audit import __version__
from musl_audit.adapters.catalogs import PolicyDirectory, policies_directory
from musl_audit.adapters.configuration import FAIL_ON
from musl_audit.adapters.interpreter.host import read_host
from musl_audit.adapters.interpreter.python import (
    DEFAULT_PATH,
    InterpreterError,
    default_interpreter,
    find_interpreter,
    read_interpreter,
)
from musl_audit.adapters.tree import PathError, Tree
from musl_audit.cli.env_wheels import answer_wheels
from musl_audit.cli.output import Output, output_to
from musl_audit.cli.settings import configuration_of
from musl_audit.cli.stderr import complain
from musl_audit.environment.context import EnvironmentContext
from musl_audit.environment.judge import exit_code, findings_of
from musl_audit.environment.kernel_headers import read_kernel_headers
from musl_audit.environment.tags import platform_tags
from musl_audit.environment.values import Environment, Interpreter
from musl_audit.errors import UsageError, did_you_mean
from musl_audit.loader.extension_suffixes import extension_suffixes, flags_of, triplet_of
from musl_audit.model import Failure, Finding
from musl_audit.policy import Catalog
from musl_audit.reporters.rows import Row, dump


class EnvRun:
    """What a run is asked, and what it found."""

    def __init__(self, options: Namespace) -> None:
        self.options = options
        self.configuration = configuration_of(options)
        policies = PolicyDirectory(policies_directory())
        self.catalog = Catalog(policies)
        self.kernel_headers = read_kernel_headers(policies)
        self.required = tuple(map(self._required, options.require))
        self.tree = _tree(options.root)
        if options.run and not self.tree.is_host:
            raise UsageError("--run executes programs of this system, and --root is about another: give one of them")

    @property
    def fail_on(self) -> str:
        """The severity from which on the exit code is 1, or ``never``."""
        return self.options.fail_on or self.configuration.fail_on or "error"

    def report(self) -> int:
        """Write the explanation, and return the exit code."""
        with output_to(self.options.output, self.options.color) as output:
            environment = self._environment()
            version = environment.interpreter.minor if environment.interpreter else None
            context = EnvironmentContext(environment, self.catalog, self.kernel_headers.for_version(version))
            findings = findings_of(context)
            code = exit_code(findings, FAIL_ON[self.fail_on])
            text = self._json(context, findings, code) if self._is_json else self._text(context, findings, output)
            output.write(text)
        if self._is_json or self.options.output:
            for failure in context.environment.failures:
                complain(f"{failure.message} ({failure.code})")
        return code

    @property
    def _is_json(self) -> bool:
        return bool(self.options.format == "json")

    def _text(self, context: EnvironmentContext, findings: tuple[Finding, ...], output: Output) -> str:
        from musl_audit.reporters.env_text import EnvText

        return EnvText(context, width=output.width, paint=output.paint, is_quiet=self.options.quiet).text(findings)

    def _environment(self) -> Environment:
        host = read_host(self.tree, self.catalog)
        found, failures = self._interpreter()
        if found is None:
            if not failures and (self.required or self.options.wheel):
                failures = (Failure("python3", "ENV901", f"no python3 in {':'.join(self._folders())}: name one"),)
            return Environment(host, None, required=self.required, failures=failures)
        platforms = platform_tags(found, host.kernel)
        wheels, refused = answer_wheels(self.options.wheel, self.tree, found, platforms, self.catalog)
        return Environment(host, found, platforms, wheels, self.required, (*failures, *refused))

    def _interpreter(self) -> tuple[Interpreter | None, tuple[Failure, ...]]:
        named = self.options.python
        try:
            path = self._path(named) if named is not None else default_interpreter(self.tree, self._folders())
            found = read_interpreter(self.tree, path, self.catalog) if path is not None else None
        except InterpreterError as error:
            return None, (Failure(named or "python3", "ENV901", str(error)),)
        return (self._asked(found) if found is not None and self.options.run else found), ()

    def _path(self, named: str) -> str:
        """Return the absolute path, inside the root, of the interpreter that was named as a shell would take it."""
        if "/" in named:
            return os.path.join("/" if not self.tree.is_host else os.getcwd(), named)  # noqa: PTH109, PTH118
        return find_interpreter(self.tree, named, self._folders())

    def _folders(self) -> tuple[str, ...]:
        """Return the absolute directories of PATH; of another system, PATH is not known."""
        if not self.tree.is_host:
            return DEFAULT_PATH
        path = os.environ.get("PATH", "")
        return tuple(folder for folder in path.split(os.pathsep) if folder.startswith("/")) or DEFAULT_PATH

    def _asked(self, found: Interpreter) -> Interpreter:
        """Return *found* with what it says when it is executed, which wins over what its files say."""
        from musl_audit.adapters.interpreter.execution import execute

        run = execute(found, self.kernel_headers.names)
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

    def _required(self, name: str) -> str:
        full = self.kernel_headers.qualified(name)
        if full is None:
            known = {form for known in self.kernel_headers.names for form in (known, known.rpartition(".")[2])}
            near = did_you_mean(name, sorted(known))
            raise UsageError(f"--require {name}: not a name that depends on kernel headers{near}")
        return full

    def _json(self, context: EnvironmentContext, findings: tuple[Finding, ...], code: int) -> str:
        from musl_audit.reporters.env_rows import env_row

        settings: Row = {
            "python": self.options.python,
            "root": self.options.root,
            "run": self.options.run,
            "require": self.required,
            "fail_on": self.fail_on,
            "config_file": self.configuration.file,
        }
        return dump(env_row(context, findings, version=__version__, settings=settings, exit_code=code)) + "\n"


def _tree(root: str | None) -> Tree:
    try:
        return Tree(root or "/")
    except PathError as error:
        raise UsageError(f"--root {error}") from error
