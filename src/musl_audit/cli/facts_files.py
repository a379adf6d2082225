"""Facts as ``show --facts`` writes them: JSON, a wheel a line."""

from argparse import Namespace
from collections.abc import Sequence
from contextlib import closing

from musl_audit.cli.audit_run import limits_of
from musl_audit.cli.inputs import inputs_of
from musl_audit.cli.output import output_to
from musl_audit.cli.stderr import remark
from musl_audit.errors import UsageError
from musl_audit.frozen import frozen
from musl_audit.judging.gate import CLEAN, INCOMPLETE, NOTHING
from musl_audit.model import Failure, Skip, WheelFacts
from musl_audit.wheel.limits import Limits
from musl_audit.wheel.ports import Source
from musl_audit.workflows.examining import facts_of, outcomes_of


@frozen
class FactsLine:
    """From a wheel to the line of JSON with its facts."""

    limits: Limits
    verify_hashes: bool

    def __call__(self, source: Source) -> str | Skip | Failure:
        """Return the line, or why there is none."""
        facts = facts_of(source, self.limits, verify_hashes=self.verify_hashes)
        if not isinstance(facts, WheelFacts):
            return facts
        from musl_audit.wheel.facts_document import facts_to_json

        return facts_to_json(facts, source.path).decode() + "\n"


def write_facts(options: Namespace) -> int:
    """Write the facts of the wheels, and return the exit code."""
    line = FactsLine(limits_of(options), options.verify_hashes)
    path = _file_of(options.output)
    lines = outcomes_of(inputs_of(options.wheels, [path] if path else [], options), line, options.jobs)
    code = NOTHING
    with output_to(path, "never") as output, closing(lines):
        for found in lines:
            match found:
                case str():
                    output.write(found)
                    code = code if code == INCOMPLETE else CLEAN
                case Skip(path=path, reason=reason):
                    remark(f"{path}: skipped: {reason}")
                case Failure(path=path, code=name, message=message):
                    remark(f"{path}: {message} ({name})")
                    code = INCOMPLETE
    return code


def _file_of(outputs: Sequence[str]) -> str | None:
    """Return where facts go, None for stdout: they have one format, and one place."""
    if len(outputs) > 1:
        raise UsageError("--facts writes one file: give --output once")
    return None if not outputs or outputs[0] == "-" else outputs[0]
