"""
A newcomer's walk, from the README through the tutorial's steps to a gate, in a clean clone, with the time of each step.

``python -m tools.release.walk`` does it and writes the tables of ``docs/explanation/first-hour.md``. Commands are those
that a reader types; pip's cache is left out of it, so that a step costs what it costs the first time.
"""

import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "explanation" / "first-hour.md"
_BROKEN = "packed_relocations_x86_64-1.0-cp312-cp312-musllinux_1_2_x86_64.whl"


@dataclass(frozen=True)
class Step:
    """A command of the walk, the exit code that it should have, and where it is read about."""

    command: str
    where: str
    code: int = 0


USE = (
    Step(
        "python3 -m venv tool && tool/bin/pip install --quiet dist/*.whl", "README, Install (`pipx install musl-audit`)"
    ),
    Step(f"tool/bin/musl-audit show wheels/{_BROKEN}", "tutorial, “Ask what it needs”"),
    Step(f"tool/bin/musl-audit repair -w wheelhouse wheels/{_BROKEN}", "tutorial, “Repair it”"),
    Step("tool/bin/musl-audit check wheelhouse", "tutorial, “Repair it”"),
    Step("tool/bin/musl-audit check wheels", "how-to, “Gate wheels in CI”: the job fails", code=1),
    Step(
        "tool/bin/musl-audit check wheelhouse --output gitlab=report.json --output junit=report.xml",
        "the same: it is green",
    ),
)
WORK = (
    Step("make demo", "README, Develop"),
    Step("make dev", "CONTRIBUTING, Set up"),
    Step("make quick", "CONTRIBUTING, Set up"),
)


def main() -> int:
    """Walk, and write the page."""
    with tempfile.TemporaryDirectory(prefix="musl-audit-walk-") as folder:
        clone = Path(folder) / "musl-audit"
        rows = [_timed(Step(f"git clone {ROOT} musl-audit", "README"), Path(folder))]
        rows += [_timed(step, clone) for step in WORK[:1]]
        user = Path(folder) / "user"
        (user / "wheels").mkdir(parents=True)
        shutil.copy(ROOT / "testwheels" / "wheels" / _BROKEN, user / "wheels")
        _run(f"{sys.executable} -m build --quiet --wheel --outdir {user}/dist {clone}", Path(folder))
        rows += [_timed(step, user) for step in USE]
        sizes = list(_sizes(user))
        _write(rows, sizes)
        for step in WORK[1:]:
            rows.append(_timed(step, clone))
            _write(rows, sizes)
    return 0


def _timed(step: Step, folder: Path) -> tuple[Step, float]:
    begun = time.monotonic()
    done = _run(step.command, folder, check=False)
    seconds = time.monotonic() - begun
    if done.returncode != step.code:
        raise SystemExit(f"{step.command}: exit code {done.returncode}\n{done.stdout[-1500:]}{done.stderr[-1500:]}")
    print(f"{seconds:7.1f} s  {step.command}", flush=True)
    return step, seconds


def _run(command: str, folder: Path, *, check: bool = True) -> "subprocess.CompletedProcess[str]":
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder),
        "PIP_NO_CACHE_DIR": "1",
        "NO_COLOR": "1",
    }
    python = Path(sys.executable).resolve().parent
    environment |= {"PATH": f"{python}:{environment['PATH']}", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=check
    )


def _sizes(folder: Path) -> Iterator[tuple[str, int, float, float]]:
    """Yield, for a plain install and each extra: distributions, megabytes, and seconds of a first install."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    (wheel,) = (folder / "dist").glob("*.whl")
    for extra in ("", *extras):
        name = extra or "plain"
        begun = time.monotonic()
        bracket = f"[{extra}]" if extra else ""
        _run(f"python3 -m venv --without-pip sizes-{name}", folder)
        _run(f"python3 -m pip --python sizes-{name}/bin/python install --quiet '{wheel}{bracket}'", folder)
        seconds = time.monotonic() - begun
        site = next((folder / f"sizes-{name}" / "lib").glob("python*")) / "site-packages"
        size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file() and path.suffix != ".pyc")
        yield extra, len(list(site.glob("*.dist-info"))), size / 1e6, seconds


def _write(rows: list[tuple[Step, float]], sizes: list[tuple[str, int, float, float]]) -> None:
    walk = ["| step | read in | takes |", "|---|---|---|"]
    for step, seconds in rows:
        command = step.command.replace(str(ROOT), "ADDRESS").replace("tool/bin/", "")
        ends = f", exit code {step.code}" if step.code else ""
        walk.append(f"| `{command}` | {step.where}{ends} | {seconds:.1f} s |")
    table = ["| install | distributions | size | first install |", "|---|---|---|---|"]
    for extra, count, megabytes, seconds in sizes:
        name = f"musl-audit[{extra}]" if extra else "musl-audit"
        table.append(f"| `{name}` | {count} | {megabytes:.0f} MB | {seconds:.0f} s |")
    text = PAGE.read_text(encoding="utf-8")
    for mark, lines in {"walk": walk, "sizes": table}.items():
        before, _, rest = text.partition(f"<!-- {mark} -->")
        after = rest.partition(f"<!-- end of {mark} -->")[2]
        text = f"{before}<!-- {mark} -->\n\n" + "\n".join(lines) + f"\n\n<!-- end of {mark} -->{after}"
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
