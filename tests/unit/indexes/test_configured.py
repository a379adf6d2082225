"""Which indexes are asked: named, or configured where the users of pip and uv keep it."""

from pathlib import Path

import pytest

from musl_audit.adapters.indexes.configured import default_index, named_indexes
from musl_audit.errors import UsageError

VARIABLES = ("INDEX_URL", "EXTRA_INDEX_URL", "FIND_LINKS", "NO_INDEX", "KEYRING_PROVIDER")
UV = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_KEYRING_PROVIDER")


@pytest.fixture
def configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return pip's configuration file, the only one there is; no variable says anything."""
    for name in (*(f"PIP_{name}" for name in VARIABLES), *UV):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "none"))
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "none"))
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    return tmp_path / "pip.conf"


def test_variables_win_over_files(configuration: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As pip has it; the section of install wins over that of all."""
    text = "[global]\nindex-url = http://a.invalid/\nextra-index-url = http://b.invalid/ http://c.invalid/\n"
    configuration.write_text(f"{text}[install]\nindex_url = http://i.invalid/\n")
    assert named_indexes(None).urls == ("http://i.invalid/", "http://b.invalid/", "http://c.invalid/")

    monkeypatch.setenv("PIP_INDEX_URL", "http://v.invalid/")
    assert named_indexes(None).urls[0] == "http://v.invalid/"


def test_what_uv_is_told_counts_where_pip_is_told_nothing(configuration: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With or without names."""
    monkeypatch.setenv("UV_DEFAULT_INDEX", "mine=http://u.invalid/simple/")
    monkeypatch.setenv("UV_INDEX", "one=http://x.invalid/ http://y.invalid/")

    assert named_indexes(None).urls == ("http://u.invalid/simple/", "http://x.invalid/", "http://y.invalid/")


def test_an_index_that_is_named_stands_alone(configuration: Path, tmp_path: Path) -> None:
    """But for what is added to it; a directory is one, too."""
    configuration.write_text("[global]\nextra-index-url = http://b.invalid/\nfind-links = /nowhere\n")
    found = named_indexes(str(tmp_path), ["http://e.invalid/"], ["links"])

    assert found.urls == (tmp_path.as_uri(), "http://e.invalid/")
    assert found.find_links == ((Path.cwd() / "links").as_uri(),)


def test_without_configuration_it_is_the_default_of_the_installed_pip(configuration: Path) -> None:
    """Read from pip, and written nowhere here."""
    assert named_indexes(None).urls == (default_index(),)
    assert default_index().startswith("https://")


def test_no_index_at_all_leaves_links(configuration: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """PIP_NO_INDEX is honoured."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))

    assert (named_indexes(None).urls, named_indexes(None).find_links) == ((), (tmp_path.as_uri(),))


@pytest.mark.parametrize("url", ["ftp://a.invalid/", "me:s3cret@index.invalid", "nothing-here"])
def test_what_is_no_index_is_told_without_a_password(configuration: Path, url: str) -> None:
    """In one line."""
    with pytest.raises(UsageError, match="neither a URL of http or https, nor a directory") as caught:
        named_indexes(url)

    assert "s3cret" not in str(caught.value)


def test_a_configuration_that_cannot_be_read_is_told(configuration: Path) -> None:
    """With its path."""
    configuration.write_text("no section\n")

    with pytest.raises(UsageError, match=r"pip\.conf: cannot be read"):
        named_indexes(None)
