"""
Our verdict about libraries made at random, and musl's own loaders': they must be the same, in both directions.

``MUSL_AUDIT_SEED`` changes what is made, ``MUSL_AUDIT_SETS`` how much of it, in percent.
"""

import os
from pathlib import Path
from pprint import pformat
from random import Random

import pytest
from tests.conftest import Miss, Tally
from tests.support.installed_wheels import agrees, ask_wheel, installed
from tests.support.library_sets import library_set, write_wheel
from tests.support.loaders import every_loader, what_is_missing

from musl_audit import judge, load_catalog, read_facts

SEED = os.environ.get("MUSL_AUDIT_SEED", "1")
PERCENT = int(os.environ.get("MUSL_AUDIT_SETS", "100"))
# The first two run without an emulator on the usual machine.
COUNTS = {"x86_64": 140, "i686": 60, "aarch64": 20, "armv7l": 6, "ppc64le": 6, "s390x": 6, "riscv64": 6}
SETS = [(arch, f"{SEED}-{index}") for arch, count in COUNTS.items() for index in range(count * PERCENT // 100)]


@pytest.mark.parametrize(("arch", "seed"), SETS)
def test_the_verdict_is_the_loaders(arch: str, seed: str, tmp_path: Path, miss: Miss, tally: Tally) -> None:
    """We say that the libraries load on a release exactly if that release's loader loads them."""
    loaders = [loader for loader in every_loader() if loader.arch == arch]
    runnable = [loader for loader in loaders if what_is_missing(loader) is None]
    if not runnable:
        miss(what_is_missing(loaders[0]) or "loaders")
    libraries = library_set(Random(f"{arch} {seed}"), arch)  # noqa: S311 - variety, not secrecy
    wheel = write_wheel(libraries, arch, tmp_path)
    report = judge(read_facts(str(wheel)), load_catalog())
    prefix = tmp_path / "prefix"
    found = installed(wheel, arch, prefix)

    answers = [ask_wheel(loader, prefix, found) for loader in runnable]

    wrong = [answer for answer in answers if not agrees(report, answer)]
    tally("libraries made at random, musl's loaders", len(answers), len(answers) - len(wrong))
    assert not wrong, "\n".join(
        [f"we say {sorted(map(str, report.verdict.loads_on))}", pformat(libraries)]
        + [f"{answer.loader}: {answer.loads} {answer.refusals}" for answer in wrong]
    )
