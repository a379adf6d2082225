"""``[tool.musl-audit]`` as a value."""

from pathlib import Path

import pytest

from musl_audit.adapters.configuration import Configuration, nearest_configuration, read_configuration
from musl_audit.errors import UsageError

ALL = """
[tool.musl-audit]
floor = "supported"
exclude = ["libodbc.so.*"]
select = ["MUSL1"]
ignore = ["MUSL105"]
fail-on = "warning"

[tool.musl-audit.per-file-ignores]
"tests/*" = ["MUSL901", "MUSL405"]
"""


def test_every_key_is_read(tmp_path: Path) -> None:
    """Six of them."""
    path = tmp_path / "pyproject.toml"
    path.write_text(ALL)

    assert read_configuration(path) == Configuration(
        file=str(path),
        floor="supported",
        fail_on="warning",
        exclude=("libodbc.so.*",),
        select=("MUSL1",),
        ignore=("MUSL105",),
        per_file_ignores=(("tests/*", ("MUSL901", "MUSL405")),),
    )


def test_nothing_is_said_where_there_is_no_file(tmp_path: Path) -> None:
    """Nor where the directory is gone."""
    assert nearest_configuration(tmp_path / "gone") == Configuration()


def test_a_directory_of_that_name_is_an_error_of_its_own(tmp_path: Path) -> None:
    """It cannot be read, and was asked for."""
    with pytest.raises(UsageError, match="Is a directory"):
        read_configuration(tmp_path)


@pytest.mark.parametrize("text", ["[tool]\nmusl-audit = 3", "tool = 3\n# musl-audit"])
def test_what_is_no_table_is_refused(text: str, tmp_path: Path) -> None:
    """It was meant to be one."""
    path = tmp_path / "pyproject.toml"
    path.write_text(text)

    with pytest.raises(UsageError, match="table"):
        read_configuration(path)
