"""The page of a project: JSON as it came (PEP 691, 700), or HTML (PEP 503) turned into the same."""

import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from musl_audit.adapters.indexes.asking import Asker, StatusError
from musl_audit.adapters.indexes.credentials import Credentials, shown
from musl_audit.errors import IndexAccessError
from musl_audit.frozen import frozen
from musl_audit.wheel.offers import OfferedFile

JSON_PAGE = "application/vnd.pypi.simple.v1+json"
HTML_PAGE = "application/vnd.pypi.simple.v1+html"
ACCEPT = f"{JSON_PAGE}, {HTML_PAGE};q=0.2, text/html;q=0.01"
_DIGEST = re.compile("[0-9a-fA-F]{8,128}")
_NOT_THERE = (404, 410)

Row = dict[str, object]


@frozen
class ProjectPage:
    """
    What an index says about a project.

    ``rows`` are the objects of PEP 691's ``files``, as the index has them but for absolute URLs; ``files`` is what we
    read from each, in the same order.
    """

    index: str  # its URL as people may see it
    rows: tuple[Row, ...]
    files: tuple[OfferedFile, ...]
    document: Row  # the rest of the page


def read_page(asker: Asker, index: str, project: str) -> ProjectPage | None:
    """
    Return the page of *project* (normalized) on the index at *index*, None where it has none.

    Raise ``IndexAccessError`` where it cannot be had or is no such page.
    """
    url = f"{index.rstrip('/')}/{project}/"
    try:
        body, response = asker.body(url, {"Accept": ACCEPT})
    except StatusError as error:
        if error.status in _NOT_THERE:
            return None
        raise
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return parse_page(body, kind, str(response.url), project, asker.credentials)


def parse_page(body: bytes, kind: str, url: str, project: str, credentials: Credentials) -> ProjectPage:
    """Return the page that *body*, of the content type *kind*, is; *url* is where it came from."""
    try:
        if kind in (JSON_PAGE, "application/json"):
            document = _json(body)
        elif kind in (HTML_PAGE, "text/html", "application/xhtml+xml", ""):
            document = _html(body.decode("utf-8", "replace"), project)
        else:
            raise IndexAccessError(f"{shown(url)}: answers {kind or 'no content type'}, which is no page of an index")
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise IndexAccessError(f"{shown(url)}: not a page of an index: it cannot be read") from error
    rows = document.pop("files")
    if not isinstance(rows, list):
        raise IndexAccessError(f"{shown(url)}: not a page of an index: it lists no files")
    pairs = list(_files(rows, url, credentials))
    return ProjectPage(shown(url), tuple(row for row, _ in pairs), tuple(file for _, file in pairs), document)


def _json(body: bytes) -> Row:
    document = json.loads(body)
    if not isinstance(document, dict) or "files" not in document:
        raise ValueError("no object with files")
    return document


def _html(text: str, project: str) -> Row:
    from simple_repository.content_negotiation import Format
    from simple_repository.parser import parse_html_project_page
    from simple_repository.serializer import serialize

    document: Row = json.loads(serialize(parse_html_project_page(text, project), Format.JSON_V1))
    for row in document["files"]:  # type: ignore[attr-defined]  # the serializer writes a list
        # The parser quotes what is quoted already, and takes for the name the text of the link, which directory
        # listings cut short.
        row["url"] = unquote(row["url"])
        row["filename"] = unquote(urlsplit(row["url"]).path.rpartition("/")[2])
    return document


def _files(rows: Iterable[object], url: str, credentials: Credentials) -> Iterator[tuple[Row, OfferedFile]]:
    """Yield the rows that name a file, with absolute URLs; what points anywhere but to http is passed by."""
    for row in rows:
        if not isinstance(row, dict):
            continue
        filename, link = row.get("filename"), row.get("url")
        if not isinstance(filename, str) or not isinstance(link, str) or not _is_plain(filename):
            continue
        target = _absolute(url, link)
        if target is None:
            continue
        clean = credentials.take(target)
        yield {**row, "url": clean}, _file(filename, clean, row)


def _absolute(url: str, link: str) -> str | None:
    try:
        target = urldefrag(urljoin(url, link)).url
        return target if urlsplit(target).scheme in _schemes(url) else None
    except ValueError:
        return None


def _schemes(url: str) -> tuple[str, ...]:
    """Return where a page may lead: a file of this machine is none of a server's business."""
    return ("file", "http", "https") if url.startswith("file:") else ("http", "https")


def _is_plain(filename: str) -> bool:
    """Whether a file's name is one: no path, nothing that a terminal would obey."""
    return bool(filename) and "/" not in filename and "\\" not in filename and filename.isprintable()


def _file(filename: str, url: str, row: Row) -> OfferedFile:
    hashes, size, requires = row.get("hashes"), row.get("size"), row.get("requires-python")
    metadata = row.get("core-metadata", row.get("dist-info-metadata"))
    return OfferedFile(
        filename=filename,
        url=url,
        hashes=tuple(_hashes(hashes)) if isinstance(hashes, dict) else (),
        size=size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else None,
        requires_python=requires if isinstance(requires, str) and requires.strip() else None,
        is_yanked=bool(row.get("yanked")),
        has_metadata=bool(metadata),
    )


def _hashes(hashes: dict[object, object]) -> Iterator[tuple[str, str]]:
    for name, digest in hashes.items():
        if isinstance(name, str) and isinstance(digest, str) and _DIGEST.fullmatch(digest):
            yield name.lower(), digest.lower()
