"""One run of ``env``: words in, an explanation written, an exit code."""

import os
import sys
from argparse import Namespace

from musl_audit import __version__
from musl_audit.adapters.configuration import FAIL_ON
from musl_audit.adapters.interpreter.choosing import Surroundings
from musl_audit.cli.output import Output, output_to
from musl_audit.cli.progress import Progress
from musl_audit.cli.settings import configuration_of
from musl_audit.cli.stderr import complain, remark
from musl_audit.workflows.explaining import Explanation, explain
from musl_audit.workflows.inspecting import InstalledSettings


def run_env(options: Namespace) -> int:
    """Write what is to be said about the environment that *options* name, and return the exit code."""
    configuration = configuration_of(options)
    fail_on = options.fail_on or configuration.fail_on or "error"
    with Progress(is_quiet=options.quiet) as progress:
        progress.tell("looking at what is there")
        found = _explained(options)
    if options.wheels:
        found = _with_wheels(found, options)
    code = found.exit_code(FAIL_ON[fail_on])
    settings: dict[str, object] = {
        "python": options.python,
        "root": options.root,
        "run": options.run,
        "require": found.environment.required,
        "fail_on": fail_on,
        "config_file": configuration.file,
    }
    for skip in found.skipped:
        remark(f"{skip.path}: skipped: {skip.reason}")
    with output_to(options.output, options.color) as output:
        match options.format:
            case "json":
                output.write(_json(found, settings, code))
            case "text":
                output.write(_text(found, options, output))
            case _:
                output.write(_formatted(found, options, output, code))
    if options.format != "text" or options.output:
        for failure in found.environment.failures:
            complain(f"{failure.message} ({failure.code})")
    return code


def _explained(options: Namespace) -> Explanation:
    return explain(
        options.python,
        root=options.root or "/",
        wheels=options.wheel,
        require=options.require,
        run=options.run,
        search=() if options.root else _search_path(),
        policies=options.policies,
        here=_surroundings(options),
        installed=InstalledSettings(tuple(options.path), _homes(), options.jobs, options.verify_hashes, options.all),
    )


def _surroundings(options: Namespace) -> Surroundings:
    """Return what this process knows about the Python that is in use here."""
    if options.root:
        return Surroundings()
    is_module = sys.orig_argv[1:2] == ["-m"] and bool(sys.executable)
    return Surroundings(environment=os.environ.get("VIRTUAL_ENV"), runner=sys.executable if is_module else None)


def _homes() -> tuple[str, ...]:
    """Return the home directory, where Python would import from it."""
    home = os.path.expanduser("~")  # noqa: PTH111
    return (home,) if home.startswith("/") and not os.environ.get("PYTHONNOUSERSITE") else ()


def _with_wheels(found: Explanation, options: Namespace) -> Explanation:
    """Return *found* with what of ``--wheels`` could not be done; what was done is said at once."""
    from musl_audit.workflows.rebuilding import rebuild_broken

    rebuilt = rebuild_broken(found.environment.installations, options.wheels, root=options.root or "/")
    for item in rebuilt.made:
        remark(f"{item.path}: made of what is installed")
        for path in item.changed:
            remark(f"{item.path.name}: {path} was changed since it was installed; the wheel holds it as it is now")
        for path in item.missing:
            remark(f"{item.path.name}: {path} is gone, and not in the wheel")
    return found.with_failures(rebuilt.failures)


def _search_path() -> tuple[str, ...]:
    """Return the absolute directories of PATH."""
    return tuple(folder for folder in os.environ.get("PATH", "").split(os.pathsep) if folder.startswith("/"))


def _text(found: Explanation, options: Namespace, output: Output) -> str:
    from musl_audit.reporters.env_text import EnvText

    page = EnvText(found.context, width=output.width, paint=output.paint, is_quiet=options.quiet)
    return page.text(found.findings)


def _formatted(found: Explanation, options: Namespace, output: Output, code: int) -> str:
    from musl_audit.reporters.base import Heading
    from musl_audit.reporters.env_outcomes import in_format
    from musl_audit.workflows.examining import Examination

    settings = Examination(catalog=found.context.catalog).settings
    heading = Heading("env", __version__, found.context.catalog.version, settings, output.width, options.quiet)
    return in_format(options.format, found.context, found.findings, heading, exit_code=code)


def _json(found: Explanation, settings: dict[str, object], code: int) -> str:
    from musl_audit.reporters.env_rows import env_row
    from musl_audit.reporters.rows import dump

    row = env_row(found.context, found.findings, version=__version__, settings=settings, exit_code=code)
    return dump(row) + "\n"
