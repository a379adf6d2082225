"""A page as a client wants it: JSON (PEP 691) or HTML (PEP 503)."""

import json
from collections.abc import Iterable
from html import escape

from musl_audit.adapters.indexes.pages import HTML_PAGE, JSON_PAGE, Row


def wants_json(accept: str) -> bool:
    """
    Whether a client that accepts *accept* is given JSON: only if it ranks it at least as high as HTML.

    >>> wants_json("application/vnd.pypi.simple.v1+json, text/html;q=0.1"), wants_json("text/html"), wants_json("*/*")
    (True, False, False)
    """
    ranks: dict[str, float] = {}
    for part in accept.split(","):
        kind, _, parameters = part.strip().partition(";")
        ranks[kind.strip().lower()] = _quality(parameters)
    html = max(ranks.get(kind, 0.0) for kind in (HTML_PAGE, "text/html"))
    return ranks.get(JSON_PAGE, 0.0) >= html and JSON_PAGE in ranks


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def json_page(document: Row, rows: Iterable[Row]) -> bytes:
    """Return the page with *rows* for its files, and all else as the index has it."""
    return json.dumps({**document, "files": list(rows)}).encode()


def html_page(name: str, rows: Iterable[Row]) -> bytes:
    """Return the same as links."""
    title = escape(f"Links for {name}")
    head = (
        f'<!DOCTYPE html>\n<html><head><meta name="pypi:repository-version" content="1.0"><title>{title}</title></head>'
    )
    links = "\n".join(map(_link, rows))
    return f"{head}\n<body>\n<h1>{title}</h1>\n{links}\n</body></html>\n".encode("utf-8", "replace")


def _link(row: Row) -> str:
    attributes = {"href": f"{row['url']}{_fragment(row.get('hashes'))}"}
    if row.get("requires-python"):
        attributes["data-requires-python"] = str(row["requires-python"])
    metadata = row.get("core-metadata", row.get("dist-info-metadata"))
    if metadata:
        # PEP 714: the newer name, and the older for clients that know only that.
        said = _fragment(metadata).removeprefix("#") or "true"
        attributes |= {"data-core-metadata": said, "data-dist-info-metadata": said}
    yanked = row.get("yanked")
    if yanked:
        attributes["data-yanked"] = yanked if isinstance(yanked, str) else ""
    said = " ".join(f'{name}="{escape(value)}"' for name, value in attributes.items())
    return f"<a {said}>{escape(str(row['filename']))}</a><br>"


def _fragment(hashes: object) -> str:
    """Return a hash as the fragment of a URL has it, the strongest that there is."""
    if not isinstance(hashes, dict) or not hashes:
        return ""
    name = "sha256" if "sha256" in hashes else str(next(iter(hashes)))
    return f"#{name}={hashes[name]}"
