"""
cibuildwheel's own code with the documented configuration: its options, its repair step, its audit step.

The repair step of ``cibuildwheel.platforms.linux`` runs in a container; what is done here is what it does there:
prepare the command, give it to ``sh -c``, and want exactly one wheel in the directory.
"""

import dataclasses
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest
from cibuildwheel import errors
from cibuildwheel.audit import run_audit
from cibuildwheel.options import BuildOptions, CommandLineArguments, Options
from cibuildwheel.util.helpers import prepare_command
from tests.support.cli import ROOT, environment, wheel
from tests.support.repairs import INPUTS, graftee, sysroot

PAGE = ROOT / "docs" / "how-to" / "cibuildwheel.md"
MUSLLINUX, MANYLINUX = "cp311-musllinux_x86_64", "cp311-manylinux_x86_64"


def options(directory: Path, identifier: str = MUSLLINUX) -> BuildOptions:
    """Return what cibuildwheel reads from the configuration of the page, as that of a project in *directory*."""
    documented = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[0]
    (directory / "pyproject.toml").write_text(documented)
    line = dataclasses.replace(CommandLineArguments.defaults(), package_dir=directory, platform="linux")
    return Options(platform="linux", command_line_arguments=line, env={}).build_options(identifier)


def repair_step(built: Path, build: BuildOptions, directory: Path, **variables: str) -> Path:
    """Do what cibuildwheel's Linux build does between building and testing; raise its errors."""
    repaired = directory / "repaired_wheel"
    repaired.mkdir()
    if built.name.endswith("none-any.whl"):
        raise errors.NonPlatformWheelError
    command = prepare_command(
        build.repair_command, wheel=built, dest_dir=repaired, package=directory, project=directory
    )
    path = f"{sysconfig.get_path('scripts')}:{os.environ['PATH']}"
    subprocess.run(["sh", "-c", command], check=True, env=environment(PATH=path, **variables), cwd=directory)
    match [*repaired.glob("*.whl")]:
        case []:
            raise errors.RepairStepProducedNoWheelError
        case [result]:
            return result
        case many:
            raise errors.RepairStepProducedMultipleWheelsError([path.name for path in many])


@pytest.fixture
def image(tmp_path: Path) -> dict[str, str]:
    """Return the variables of an image that has the libraries; on a musl image none but the first is needed."""
    libraries = sysroot(tmp_path / "root") / "usr" / "lib"
    return {"AUDITWHEEL_PLAT": "musllinux_1_2_x86_64", "LD_LIBRARY_PATH": f"{libraries}:{libraries / 'inside'}"}


def test_the_page_is_what_cibuildwheel_reads(tmp_path: Path) -> None:
    """One command for both halves of the matrix; the audit of abi3 wheels that it brings stays."""
    both = [options(tmp_path, identifier) for identifier in (MUSLLINUX, MANYLINUX)]

    for build in both:
        assert build.repair_command == "musl-audit repair -w {dest_dir} {wheel}"
        assert build.before_all == "pipx install musl-audit"
        assert build.audit_command == [
            "abi3audit --strict --report {abi3_wheel}",
            "musl-audit check --allow-empty {wheel}",
        ]
        assert build.audit_requires == ["abi3audit", "musl-audit"]


def test_every_block_of_the_page_is_toml() -> None:
    """What is copied is at least read."""
    for block in re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        assert tomllib.loads(block)


def test_the_repair_step_leaves_one_repaired_wheel(tmp_path: Path, image: dict[str, str]) -> None:
    """With the libraries of the image in it, and the tag of the image."""
    result = repair_step(graftee(), options(tmp_path), tmp_path, **image)

    assert result.name == "graftee-1.0-cp311-cp311-musllinux_1_2_x86_64.whl"
    assert any("graftee.libs/libinner" in name for name in zipfile.ZipFile(result).namelist())


def test_the_repair_step_leaves_a_wheel_that_was_fine(tmp_path: Path, image: dict[str, str]) -> None:
    """A command that wrote nothing then would be an error of cibuildwheel."""
    result = repair_step(wheel("clean_cp311"), options(tmp_path), tmp_path, **image)

    assert result.read_bytes() == wheel("clean_cp311").read_bytes()


@pytest.mark.parametrize(
    "command",
    [
        "musl-audit repair --plat $AUDITWHEEL_PLAT -w {dest_dir} {wheel}",
        "musl-audit repair --exclude '/usr/local/cuda*' -w {dest_dir} {wheel}",
        "musl-audit repair --lib-sdir . -w {dest_dir} {wheel}",
        "musl-audit -v repair -w {dest_dir} {wheel}",
        "musl-audit repair -w {dest_dir} {wheel} -v",
        "musl-audit repair --strip -w {dest_dir} {wheel}",
        "musl-audit show {wheel} && musl-audit repair -w {dest_dir} {wheel} && musl-audit check {dest_dir}/*.whl",
    ],
)
def test_the_repair_step_takes_what_people_write_for_auditwheel(
    command: str, tmp_path: Path, image: dict[str, str]
) -> None:
    """One word changed, as found in public configurations."""
    build = dataclasses.replace(options(tmp_path), repair_command=command)

    result = repair_step(graftee(), build, tmp_path, **image)

    assert any("/libinner-" in name for name in zipfile.ZipFile(result).namelist())


@pytest.mark.parametrize("backend", ["setuptools", "meson", "scikit", "hatch"])
def test_wheels_of_each_backend_go_through(backend: str, tmp_path: Path, image: dict[str, str]) -> None:
    """Repaired, with the name that musl's Pythons import, and passed by the audit step."""
    (built,) = (INPUTS / "backends").glob(f"demo_{backend}-1.0-*.whl")

    result = repair_step(built, options(tmp_path), tmp_path, **image)

    names = zipfile.ZipFile(result).namelist()
    assert f"demo_{backend}/_ext.cpython-311-x86_64-linux-musl.so" in names
    assert sum(name.startswith(f"demo_{backend}.libs/lib") for name in names) == 4
    audited(result, tmp_path)


def test_the_repair_step_stops_at_a_wheel_that_cannot_be_repaired(tmp_path: Path, image: dict[str, str]) -> None:
    """And leaves no wheel that somebody could take for repaired."""
    with pytest.raises(subprocess.CalledProcessError) as caught:
        repair_step(wheel("ifunc_referenced"), options(tmp_path), tmp_path, **image)

    assert caught.value.returncode == 1
    assert not [*(tmp_path / "repaired_wheel").iterdir()]


def test_the_repair_step_of_a_manylinux_image_is_auditwheels(tmp_path: Path) -> None:
    """The same command; auditwheel decides, and its one wheel is left."""
    source = tmp_path / "built" / "accident-1.0-cp312-cp312-linux_x86_64.whl"
    source.parent.mkdir()
    shutil.copyfile(wheel("glibc_extension_by_accident"), source)

    result = repair_step(source, options(tmp_path, MANYLINUX), tmp_path)

    assert "manylinux" in result.name


# --- the audit step


def audited(target: Path, directory: Path) -> None:
    """
    Run cibuildwheel's audit step on *target*.

    Its environment stands already, with musl-audit as it would be installed there; nothing more is installed.
    """
    home = directory / "audit_venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    (site,) = home.glob("lib/python*/site-packages")
    (site / "here.pth").write_text(f"{sysconfig.get_path('purelib')}\n{ROOT / 'src'}\n")
    program = home / "bin" / "musl-audit"
    program.write_text(f"#!{home}/bin/python\nimport sys\nfrom musl_audit.cli import main\nsys.exit(main())\n")
    program.chmod(0o755)
    build = dataclasses.replace(options(directory), audit_requires=[])
    run_audit(tmp_dir=directory, build_options=build, wheel=target)


@pytest.mark.parametrize("name", ["clean_cp311", "clean_aarch64", "static_program"])
def test_the_audit_step_passes_a_good_wheel(name: str, tmp_path: Path) -> None:
    """In silence, as far as cibuildwheel is concerned."""
    audited(wheel(name), tmp_path)


@pytest.mark.parametrize("name", ["missing_qsort_r", "unsafe_traversal", "external_library", "empty_file"])
def test_the_audit_step_stops_at_a_broken_wheel(name: str, tmp_path: Path) -> None:
    """Findings are exit code 1, a wheel that cannot be read is 4: both are the end of the build."""
    with pytest.raises(errors.AuditCommandFailedError):
        audited(wheel(name), tmp_path)


@pytest.mark.parametrize("platform", ["macosx_11_0_arm64", "win_amd64", "manylinux_2_28_x86_64"])
def test_the_audit_step_passes_wheels_of_other_platforms(platform: str, tmp_path: Path) -> None:
    """cibuildwheel audits them all; without ``--allow-empty`` nothing examined would be exit code 3."""
    source = tmp_path / f"other-1.0-cp311-cp311-{platform}.whl"
    shutil.copyfile(wheel("clean_cp311"), source)

    audited(source, tmp_path)


def test_a_path_with_a_space_needs_the_quotes_of_the_configuration(tmp_path: Path, image: dict[str, str]) -> None:
    """cibuildwheel puts paths into the command as they are; quoted placeholders reach us whole."""
    directory = tmp_path / "with space"
    directory.mkdir()
    build = options(directory)
    quoted = dataclasses.replace(build, repair_command='musl-audit repair -w "{dest_dir}" "{wheel}"')
    source = directory / graftee().name
    shutil.copyfile(graftee(), source)

    assert repair_step(source, quoted, directory, **image).parent == directory / "repaired_wheel"
