"""Console blocks of documentation: the commands in them, and what they print."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_SIGNAL = re.compile(r"^.*: line \d+: +\d+ (Segmentation fault).*$", re.MULTILINE)


def commands(block: str) -> Iterator[tuple[str, str]]:
    """Yield each command of *block*, and what follows it."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def run(command: str, cwd: Path, environment: Mapping[str, str]) -> str:
    """Return what *command* prints in a shell, in which a crash is a line without a process id."""
    done = subprocess.run(
        ["bash", "-c", f"{command}\n:"],
        cwd=cwd,
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    return _SIGNAL.sub(r"\1", done.stdout)


def replayed(text: str, cwd: Path, environment: Mapping[str, str]) -> str:
    """Return *text* with the output that its commands print now, one after the other in *cwd*."""

    def block(match: re.Match[str]) -> str:
        told = (f"$ {command}\n{run(command, cwd, environment)}" for command, _ in commands(match[1]))
        return f"```console\n{''.join(told)}```"

    return BLOCK.sub(block, text)


def to_the_newest(text: str) -> str:
    """Return *text* with rungs that end somewhere: a release that is added to the policies makes no page wrong."""
    return re.sub(r"(\d+\.\d+\.\d+)–\d+\.\d+\.\d+(?=  )", r"\1–…", text)
