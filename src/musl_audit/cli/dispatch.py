"""From the words on the command line to the file of the command, which alone is imported."""

import os
import sys
from argparse import SUPPRESS, ArgumentParser, Namespace, RawDescriptionHelpFormatter, _SubParsersAction
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from types import ModuleType

from musl_audit.errors import UsageError, did_you_mean

TYPE_CHECKING = False  # as typing has it: importing typing takes 2 ms
if TYPE_CHECKING:
    from typing import Never

_COMMANDS = "musl_audit.cli.commands"
_WHEEL_LIKE = (".whl", ".tar.gz", ".zip", ".egg", ".conda")
_ELSEWHERE = {  # words of ruff, auditwheel, pip, trivy and others
    "--fix": "`musl-audit repair` mends",
    "fix": "`musl-audit repair` mends",
    "--exit-zero": "here it is --fail-on never",
    "--exit-code": "here it is --fail-on SEVERITY",
    "--severity": "here it is --fail-on SEVERITY",
    "--strict": "here it is --fail-on warning",
    "--watch": "there is none: a wheel is read in a moment, run it again",
    "--output-format": "here it is --format, or --output FORMAT=FILE",
    "--no-color": "here it is --color never",
    "--no-colour": "here it is --color never",
    "--disable": "here it is --ignore CODE",
    "--skip": "here it is --ignore CODE",
    "--list-rules": "`musl-audit rule` lists them",
    "--explain": "`musl-audit rule CODE` explains",
    "explain": "`musl-audit rule CODE` explains",
    "audit": "`musl-audit check` is the gate, `musl-audit show` tells all",
    "lint": "`musl-audit check` is the gate, `musl-audit show` tells all",
    "scan": "`musl-audit check` is the gate, `musl-audit show` tells all",
    "addtag": "`musl-audit repair --plat TAG` tags",
    "version": "`musl-audit --version` shows it",
}


class _Formatter(RawDescriptionHelpFormatter):
    """Help of 80 columns; argparse makes one per argument, and would ask for the width of the terminal each time."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=80)


class CommandParser(ArgumentParser):
    """A parser that raises ``UsageError`` with the nearest option, never guesses one, and mixes options with paths."""

    def __init__(self, command: str, page: str) -> None:
        summary, _, rest = page.partition("\n\n")
        super().__init__(
            prog=f"musl-audit {command}",
            usage=f"musl-audit {command} [OPTION]… [ARGUMENT]…",
            description=summary,
            epilog=rest,
            formatter_class=_Formatter,
            allow_abbrev=False,
            add_help=False,
        )
        self.add_argument("-h", "--help", action="help", default=SUPPRESS, help="show this help and exit")

    def error(self, message: str) -> "Never":
        """Raise ``UsageError``: where errors become an exit code is one place, and not here."""
        raise UsageError(f"{message} (try `{self.prog} --help`)")

    def read(self, arguments: Sequence[str]) -> Namespace:
        """Return the values of *arguments* by name."""
        options, extras = self.parse_known_intermixed_args(list(_without_dashes(map(_spelled_out, arguments))))
        if extras:
            known = [name for action in self._actions for name in action.option_strings]
            word = extras[0].partition("=")[0]
            self.error(f"unknown option {extras[0]!r}{_elsewhere(word, self.prog) or did_you_mean(word, known)}")
        return options


def _spelled_out(argument: str) -> str:
    """Return *argument* with the value that it means: ``--strip`` alone would take the wheel behind it for its own."""
    return "--strip=unneeded" if argument == "--strip" else argument


def _without_dashes(arguments: Iterable[str]) -> Iterator[str]:
    """Yield *arguments* without ``--``; a path behind it gets a form that argparse cannot take for an option."""
    is_path = False
    for argument in arguments:
        if is_path:
            yield f"./{argument}" if argument.startswith("-") else argument
        elif argument == "--":
            is_path = True
        else:
            yield argument


def dispatch(arguments: list[str]) -> int:
    """Run the command that *arguments* name and return its exit code; raise ``UsageError`` where there is none."""
    if not arguments:
        sys.stderr.write(overview())
        return 2
    if arguments[0] in ("-h", "--help", "help"):
        sys.stdout.write(overview())
        return 0
    said_before, arguments = _split_front(arguments)
    found = _find(arguments)
    if found is None:
        return _without_command(arguments)
    module, words = found
    parser = CommandParser(" ".join(arguments[:words]), _page(module))
    module.add_arguments(parser)
    own, behind = _apart(arguments[words:]) if hasattr(module, "TAKES_COMMAND") else (arguments[words:], [])
    options = parser.read([*said_before, *own])
    options.command = behind
    code: int = module.run(options)
    return code


def _apart(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Return what stands before the first ``--``, and the command of another program behind it."""
    where = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:where], arguments[where + 1 :]


def _split_front(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Return how much is to be said, which may come before the command as auditwheel has it, and the rest."""
    count = 0
    while arguments[count] in ("-v", "-vv", "--verbose") and count + 1 < len(arguments):
        count += 1
    return arguments[:count], arguments[count:]


def _find(arguments: list[str]) -> tuple[ModuleType, int] | None:
    """Return the module of the command and how many words name it: one, or a group and its member."""
    for words in (2, 1):  # `survey report` before `survey`
        name = "_".join(arguments[:words])
        if len(arguments) < words or not name.isidentifier() or name.startswith("_"):
            continue
        try:
            return import_module(f"{_COMMANDS}.{name}"), words
        except ModuleNotFoundError as error:
            if error.name != f"{_COMMANDS}.{name}":
                raise
    return None


def _without_command(arguments: list[str]) -> int:
    """Explain the members of a group, or raise ``UsageError`` with the nearest command."""
    group = [name for name in commands() if name.split()[0] == arguments[0]]
    if group and arguments[1:] in (["-h"], ["--help"]):
        sys.stdout.write(_listing(group))
        return 0
    if group and len(arguments) == 1:
        sys.stderr.write(_listing(group))
        return 2
    said = " ".join(arguments[:2]) if group else arguments[0]
    kind = "option" if said.startswith("-") else "command"
    near = _elsewhere(said, "musl-audit") or did_you_mean(said, group or commands()) or _is_a_path(said)
    raise UsageError(f"unknown {kind} {said!r}{near} (try `musl-audit --help`)")


def _is_a_path(word: str) -> str:
    """Return the end of a sentence about a file or URL where a command is expected, or nothing."""
    if not (word.endswith(_WHEEL_LIKE) or "/" in word or "*" in word or os.path.exists(word)):
        return ""
    return f": `musl-audit show {word}` shows what is in a wheel, `musl-audit check {word}` is the gate"


def _elsewhere(word: str, command: str) -> str:
    """Return what a word that other tools know is called here, as the end of a sentence, or nothing."""
    if (command, word) == ("musl-audit show", "--fail-on"):
        return ": show only shows; `musl-audit check --fail-on` is the gate"
    return f": {_ELSEWHERE[word]}" if word in _ELSEWHERE else ""


def whole_parser() -> ArgumentParser:
    """Return one parser with every command, for what asks about all options: completion."""
    parser = ArgumentParser(prog="musl-audit")
    groups: dict[tuple[str, ...], _SubParsersAction[ArgumentParser]] = {(): parser.add_subparsers()}
    for name in commands():
        *group, word = name.split()
        if group and group[0] in commands():  # a command that has members besides: argparse cannot say that
            continue
        if tuple(group) not in groups:
            groups[tuple(group)] = groups[()].add_parser(group[0]).add_subparsers()
        module = import_module(f"{_COMMANDS}.{name.replace(' ', '_')}")
        command = groups[tuple(group)].add_parser(word, help=_page(module).partition("\n")[0])
        module.add_arguments(command)
    return parser


def commands() -> list[str]:
    """Return the words of every command, sorted."""
    names = os.listdir(os.path.join(os.path.dirname(__file__), "commands"))
    stems = (name.removesuffix(".py") for name in names if name.endswith(".py") and not name.startswith("_"))
    return sorted(stem.replace("_", " ") for stem in stems)


def overview() -> str:
    """Return what ``musl-audit --help`` prints."""
    return (
        "usage: musl-audit COMMAND …\n\n"
        "Says which musl, down to the patch release, can load each binary of a Python\n"
        "wheel, and why.\n\n"
        f"{_listing(commands())}\n"
        "options:\n"
        "  -h, --help     show this help, or that of a command: musl-audit check --help\n"
        "  -V, --version  show the version\n"
    )


def _listing(names: Sequence[str]) -> str:
    from musl_audit.reporters.text_layout import paragraph

    column = max(map(len, names)) + 4
    lines = ["commands:"]
    for name in names:
        summary = _page(import_module(f"{_COMMANDS}.{name.replace(' ', '_')}")).splitlines()[0]
        lines += paragraph(summary, 80, first=f"  {name}".ljust(column), rest=" " * column)
    return "\n".join(lines) + "\n"


def _page(module: ModuleType) -> str:
    return (module.__doc__ or "").strip()
