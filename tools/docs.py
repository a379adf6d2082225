"""Write what follows from the code: the pages of the rules and of the command line, the schema of facts."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from musl_audit.cli.dispatch import commands
from musl_audit.judging.rules import all_rules
from musl_audit.wheel.facts_document import facts_schema

ROOT = Path(__file__).resolve().parent.parent
SUBJECTS = {
    "0": "Names, tags and the archive",
    "1": "Symbols",
    "2": "Libraries",
    "3": "Architecture and names of extensions",
    "4": "What the loader can do",
    "9": "What could not be judged",
}


def rules_page() -> str:
    """Return the page of the wheel rules: the docstring of each is its section."""
    lines = [
        "# Rules",
        "",
        "Written by `make docs` from the rules; `musl-audit rule CODE` prints the same. A code is never reused.",
        "",
        "| code | name | severity | mended by repair |",
        "|---|---|---|---|",
    ]
    for module in all_rules():
        rule = module.rule
        mended = "yes" if rule.fix.automatic else ""
        lines.append(f"| [{rule.code}](#{rule.code.lower()}-{rule.name}) | {rule.name} | {rule.severity} | {mended} |")
    subject = None
    for module in all_rules():
        rule = module.rule
        if SUBJECTS[rule.code[4]] != subject:
            subject = SUBJECTS[rule.code[4]]
            lines += ["", f"## {subject}"]
        lines += ["", f"### {rule.code} {rule.name}", "", markdown(module.page)]
        if rule.hint:
            lines += ["", f"Hint: {rule.fix.advice(rule.hint)}."]
    return "\n".join(lines) + "\n"


def markdown(page: str) -> str:
    """Return a docstring as Markdown: what is literal is written the same, with single backticks."""
    return page.strip().replace("``", "`")


def command_page() -> str:
    """Return the page of the command line: the help of every command, as it is printed at 80 columns."""
    lines = ["# Command line", "", "Written by `make docs`: what `--help` prints.", "", *block([])]
    for command in commands():
        lines += ["", f"## {command}", "", *block(command.split())]
    return "\n".join(lines) + "\n"


def block(words: list[str]) -> list[str]:
    """Return the help of the command that *words* name, as a block."""
    environment = os.environ | {"COLUMNS": "80", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "musl_audit", *words, "--help"]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return [f"```console\n$ musl-audit {' '.join([*words, '--help'])}", answer.stdout.rstrip(), "```"]


def facts_page() -> str:
    """Return the schema of a line of facts."""
    return json.dumps(facts_schema(), indent=2, ensure_ascii=False) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "docs/reference/rules.md": rules_page,
    "docs/reference/cli.md": command_page,
    "policies/schema/facts.schema.json": facts_page,
}


def main() -> int:
    """Write every page."""
    for name, write in PAGES.items():
        (ROOT / name).write_text(write())
        print(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
