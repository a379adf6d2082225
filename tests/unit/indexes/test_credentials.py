"""Who may ask an index, and who is told."""

from pathlib import Path

import pytest
from tests.support.indexes import Reply, Site, served

from musl_audit.adapters.indexes.asking import Asker, StatusError
from musl_audit.adapters.indexes.credentials import Credentials, shown

pytest.importorskip("httpx")


def test_the_url_wins_over_netrc(tmp_path: Path) -> None:
    """Both are for their own origin."""
    (tmp_path / "netrc").write_text("machine index.invalid login a password b\n")
    credentials = Credentials(netrc=tmp_path / "netrc")

    assert credentials.of("https://index.invalid/simple/") == ("a", "b")
    assert credentials.take("http://me:p%40ss@index.invalid/simple/") == "http://index.invalid/simple/"
    assert credentials.of("http://index.invalid/x.whl") == ("me", "p@ss")
    assert credentials.of("http://other.invalid/") is None
    assert credentials.of("http://index.invalid:8080/") == ("a", "b")


def test_a_netrc_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    """As pip goes on without it."""
    (tmp_path / "netrc").write_text("machine")

    assert Credentials(netrc=tmp_path / "netrc").of("http://index.invalid/") is None


def test_keyring_is_asked_after_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not before, and once."""
    import keyring
    from keyring.credentials import SimpleCredential

    asked: list[tuple[str, str | None]] = []

    def get(service: str, user: str | None) -> SimpleCredential:
        asked.append((service, user))
        return SimpleCredential("me", "s3cret")

    monkeypatch.setattr(keyring, "get_credential", get)
    site = Site()
    site.replies["/simple/"] = lambda request: Reply(b"in" if "Authorization" in request.headers else b"", 200)
    site.replies["/closed/"] = lambda request: Reply(status=200 if "Authorization" in request.headers else 401)
    with served(site):
        asker = Asker(Credentials(uses_keyring=True))
        asker.credentials.take(f"{site.url}/simple/")
        assert asker.body(f"{site.url}/simple/", {})[0] == b""
        assert asked == []
        asker.body(f"{site.url}/closed/", {})
        asker.body(f"{site.url}/closed/", {})
        asker.close()

    assert asked == [(f"{site.url}/simple/", None)]


def test_a_keyring_that_fails_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its back end may raise anything."""
    import keyring

    def fail(_service: str, _user: str | None) -> None:
        raise RuntimeError("locked")

    monkeypatch.setattr(keyring, "get_credential", fail)
    site = Site(replies={"/": lambda _: Reply(status=401)})
    with served(site):
        asker = Asker(Credentials(uses_keyring=True))
        with pytest.raises(StatusError, match="wants a user and password"):
            asker.body(f"{site.url}/", {})
        asker.close()


def test_what_is_shown_holds_no_secret() -> None:
    """User, password, query and fragment are left out."""
    assert shown("http://a:b@index.invalid:1/x?token=c#d") == "http://index.invalid:1/x"
