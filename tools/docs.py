"""Write what follows from the code: the pages of the rules and of the command line, the schema of facts."""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path

from tools.picture import picture

from musl_audit.cli.dispatch import commands
from musl_audit.judging.rules import all_rules
from musl_audit.wheel.facts_document import facts_schema

ROOT = Path(__file__).resolve().parent.parent
LABEL = re.compile(r"\]\[([^\]]+)\]")  # of a link by reference: the path of a file of the repository
RELATIVE = re.compile(r"\]\(((?!https?:)[^)]+)\)")
LINKS_BEGIN = "<!-- Written by `make docs` from [project.urls] in pyproject.toml: -->"
_WHEELS_SHOWN = 3
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
        lines += ["", f"### {rule.code} {rule.name}", "", f"*{rule.severity}, since {rule.since}*", ""]
        lines += [markdown(module.page)]
        if rule.hint:
            lines += ["", f"Hint: {rule.fix.advice(rule.hint)}."]
        lines += [*example(rule.code), *proof(rule.code), *seen(rule.code)]
    return "\n".join(lines) + "\n"


@cache
def expected() -> dict[str, dict[str, str]]:
    """Return a finding of each rule, as the expected outputs have it: what was seen in a test wheel."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted((ROOT / "tests" / "golden" / "expected").glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        for finding in document.get("wheels", {}).get("findings", ()):
            found.setdefault(finding["code"], {"wheel": path.stem, **finding})
    return found


def example(code: str) -> list[str]:
    """Return what the rule says about a test wheel, as ``check --quiet`` would print it."""
    finding = expected().get(code)
    if finding is None:
        return []
    return ["", "```text", f"{finding['wheel']}: {code} {finding['severity']} {finding['message']}", "```"]


def proof(code: str) -> list[str]:
    """Return which test wheels show the rule, and which nearly do: their ground truth is musl's loader, or a reader."""
    wheels = tomllib.loads((ROOT / "testwheels" / "MANIFEST.toml").read_text(encoding="utf-8"))["wheels"]
    shown = [name for name, wheel in wheels.items() if code in wheel.get("rules", ())]
    near = [name for name, wheel in wheels.items() if wheel.get("near_miss_of") == code]
    is_asked = any(wheels[name].get("judged_by_loader") for name in (*shown, *near))
    if not shown:
        return []
    words = [f"Proven by {_listed(shown)}"]
    if near:
        words.append(f"near misses: {_listed(near)}")
    if is_asked:
        words.append("musl's own loader was asked about them")
    return ["", f"{'; '.join(words)}."]


def seen(code: str) -> list[str]:
    """Return in which real wheels the rule has a finding, as ``tools.evidence.seen`` found it."""
    found = json.loads((ROOT / "tools" / "data" / "seen.json").read_text(encoding="utf-8"))
    wheels = found["rules"].get(code)
    if wheels is None:
        return ["", f"Seen in none of {found['examined']} real wheels that were examined."]
    return ["", f"Seen in real wheels: {', '.join(f'`{wheel}`' for wheel in wheels)}."]


def readme() -> str:
    """Return the README with the addresses of its links, which are written nowhere else than in ``[project.urls]``."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").partition(LINKS_BEGIN)[0]
    text = RELATIVE.sub(r"][\1]", text)
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]
    definitions = [f"[{label}]: {address(label, urls)}" for label in sorted(set(LABEL.findall(text)))]
    return "\n".join([text.rstrip(), "", LINKS_BEGIN, "", *definitions]) + "\n"


def address(label: str, urls: dict[str, str]) -> str:
    """
    Return where a file of the repository is read: a page of the documentation on its site, all else in the source.

    >>> address("docs/how-to/repair.md#floors", {"Documentation": "https://d.invalid", "Source": "https://s.invalid"})
    'https://d.invalid/how-to/repair/#floors'
    """
    path, mark, anchor = label.partition("#")
    if path.startswith("docs/") and path.endswith(".md"):
        page = path.removeprefix("docs/").removesuffix(".md").removesuffix("index")
        return f"{urls['Documentation']}/{page.rstrip('/')}/{mark}{anchor}"
    return f"{urls['Source']}/{'tree' if path.endswith('/') else 'blob'}/main/{path.rstrip('/')}"


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:_WHEELS_SHOWN])
    return shown if len(names) <= _WHEELS_SHOWN else f"{shown} and other test wheels"


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
    "README.md": readme,
    "docs/reference/rules.md": rules_page,
    "docs/reference/cli.md": command_page,
    "docs/explanation/architecture.svg": picture,
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
