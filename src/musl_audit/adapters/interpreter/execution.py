"""What a loader and an interpreter say when they are executed: only ever done where the user asked for it."""

import json
from collections.abc import Mapping, Sequence

from musl_audit.environment.values import Build, Interpreter, Run
from musl_audit.loader.libc_names import Libc

_SECONDS = 30  # an interpreter that hangs is told from a slow one
_LONGEST_ANSWER = 1 << 20  # characters

# Runs in any Python 3 from 3.4 on. A module that cannot be imported is an answer, not a fault.
_QUESTIONS = """
import sys, json
def ask(work):
    try:
        return work()
    except Exception:
        return None
def variables():
    import sysconfig
    return sysconfig.get_config_vars()
def has(name):
    from importlib import import_module
    module, _, attribute = name.rpartition(".")
    return hasattr(import_module(module), attribute)
def platform():
    import sysconfig
    return sysconfig.get_platform()
from importlib.machinery import EXTENSION_SUFFIXES
known = ask(variables) or {}
names = json.loads(sys.argv[1])
print(json.dumps({
    "version": "%d.%d.%d" % sys.version_info[:3],
    "implementation": sys.implementation.name,
    "soabi": known.get("SOABI"),
    "suffixes": list(EXTENSION_SUFFIXES),
    "platform": ask(platform),
    "macros": {name: bool(value) for name, value in known.items() if name.startswith("HAVE_")},
    "names": {name: bool(ask(lambda: has(name))) for name in names},
}))
"""


def execute(interpreter: Interpreter, names: Sequence[str]) -> Run:
    """Return what the loader says of its release (PEP 656) and the interpreter of itself; *names* are asked for."""
    musl, problem = _ask_loader(interpreter)
    answer, other = _ask_interpreter(interpreter.path, names)
    if answer is None:
        return Run(musl=musl, problem=other or problem)
    suffixes = answer.get("suffixes")
    return Run(
        musl=musl,
        version=_text(answer, "version"),
        implementation=_text(answer, "implementation"),
        soabi=_text(answer, "soabi"),
        suffixes=tuple(filter(_is_text, suffixes)) if isinstance(suffixes, list) else (),
        platform=_text(answer, "platform"),
        build=Build((), _flags(answer.get("macros")), _flags(answer.get("names"))),
        problem=problem,
    )


def _ask_loader(interpreter: Interpreter) -> tuple[str | None, str]:
    """Return the release that musl's loader prints when it is executed without arguments, or why there is none."""
    loader = interpreter.loader
    if loader is None or loader.libc is not Libc.MUSL:
        return None, ""
    _, error, problem = _capture([loader.path])
    lines = [line.strip() for line in error.splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].startswith("musl") and lines[1].startswith("Version "):
        return lines[1].removeprefix("Version "), ""
    return None, problem or f"{loader.path}: did not say its version when it was executed"


def _ask_interpreter(path: str, names: Sequence[str]) -> tuple[Mapping[str, object] | None, str]:
    output, error, problem = _capture([path, "-I", "-B", "-c", _QUESTIONS, json.dumps(names)])
    try:
        answer = json.loads(output.strip().rpartition("\n")[2])
    except ValueError:
        last = error.strip().rpartition("\n")[2][:200]
        return None, problem or f"{path}: gave no answer when it was executed" + (f": {last}" if last else "")
    return (answer, "") if isinstance(answer, dict) else (None, f"{path}: gave a strange answer when it was executed")


def _capture(command: Sequence[str]) -> tuple[str, str, str]:
    """Return the output, the errors and, where it could not be run to its end, the reason."""
    import subprocess

    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        return "", "", f"{command[0]}: did not answer within {_SECONDS} seconds"
    except OSError as error:
        return "", "", f"{command[0]}: could not be executed: {error.strerror}"
    output, errors = (stream[:_LONGEST_ANSWER].decode("utf-8", "replace") for stream in (done.stdout, done.stderr))
    return output, errors, f"{command[0]}: killed by signal {-done.returncode}" if done.returncode < 0 else ""


def _text(answer: Mapping[str, object], key: str) -> str | None:
    value = answer.get(key)
    return value if isinstance(value, str) else None


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _flags(value: object) -> dict[str, bool]:
    return {name: flag for name, flag in value.items() if isinstance(flag, bool)} if isinstance(value, dict) else {}
