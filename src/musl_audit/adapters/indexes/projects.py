"""The pages of several indexes and of places with links as one, as pip goes by them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

from musl_audit.adapters.indexes.asking import AT_ONCE, Asker
from musl_audit.adapters.indexes.configured import Indexes
from musl_audit.adapters.indexes.credentials import shown
from musl_audit.adapters.indexes.fetching import local_path
from musl_audit.adapters.indexes.pages import HTML_PAGE, ProjectPage, Row, parse_page, read_page
from musl_audit.errors import IndexAccessError
from musl_audit.frozen import frozen
from musl_audit.wheel.offers import OfferedFile, version_of

_LARGEST_LOCAL = 64 << 20


@frozen
class OfferedProject:
    """A project, and every file of it that any index or place offers; of two with one name, the first counts."""

    name: str  # normalized
    rows: tuple[Row, ...]
    files: tuple[OfferedFile, ...]
    is_known: bool  # some index has a page for it
    document: Row  # what else the first page says


class IndexGroup:
    """The indexes and places of a run."""

    def __init__(self, asker: Asker, indexes: Indexes) -> None:
        self.asker = asker
        self.urls = tuple(map(asker.credentials.take, indexes.urls))
        self._links = tuple(map(asker.credentials.take, indexes.find_links))
        self._link_pages: tuple[ProjectPage, ...] | None = None

    @property
    def shown(self) -> tuple[str, ...]:
        """The URLs as people may see them."""
        return tuple(map(shown, (*self.urls, *self._links)))

    def project(self, name: str) -> OfferedProject:
        """Return what there is of the project *name* (normalized); raise ``IndexAccessError`` where one cannot tell."""
        pages = [page for page in self._pages(name) if page is not None]
        linked = list(self._linked(name))
        rows: dict[str, tuple[Row, OfferedFile]] = {}
        for page in (*pages, *linked):
            for row, file in zip(page.rows, page.files, strict=True):
                rows.setdefault(file.filename, (row, file))
        return OfferedProject(
            name,
            tuple(row for row, _ in rows.values()),
            tuple(file for _, file in rows.values()),
            is_known=bool(pages) or bool(rows),
            document=pages[0].document if pages else {"meta": {"api-version": "1.0"}, "name": name},
        )

    def _pages(self, name: str) -> Iterator[ProjectPage | None]:
        if len(self.urls) < 2:
            yield from (self._page(url, name) for url in self.urls)
            return
        with ThreadPoolExecutor(AT_ONCE) as pool:
            yield from pool.map(lambda url: self._page(url, name), self.urls)

    def _page(self, index: str, name: str) -> ProjectPage | None:
        if not index.startswith("file:"):
            return read_page(self.asker, index, name)
        return self._local(f"{index.rstrip('/')}/{name}/")

    def _local(self, url: str) -> ProjectPage | None:
        """Return the page of a directory: its ``index.html``, else the files in it."""
        folder = local_path(url)
        page = folder / "index.html"
        try:
            if page.is_file() and page.stat().st_size <= _LARGEST_LOCAL:
                return parse_page(page.read_bytes(), HTML_PAGE, url, "", self.asker.credentials)
            names = sorted(path.name for path in folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise IndexAccessError(f"{folder}: {error.strerror}") from error
        files = tuple(OfferedFile(name, url + quote(name)) for name in names)
        rows = tuple[Row, ...]({"filename": file.filename, "url": file.url, "hashes": {}} for file in files)
        return ProjectPage(shown(url), rows, files, {"meta": {"api-version": "1.0"}, "name": ""})

    def _linked(self, name: str) -> Iterator[ProjectPage]:
        """Yield what the places with links hold of the project."""
        if self._link_pages is None:
            self._link_pages = tuple(page for page in map(self._place, self._links) if page is not None)
        for page in self._link_pages:
            pairs = [
                (row, file)
                for row, file in zip(page.rows, page.files, strict=True)
                if version_of(file.filename, name) is not None
            ]
            rows, files = tuple(row for row, _ in pairs), tuple(file for _, file in pairs)
            yield ProjectPage(page.index, rows, files, page.document)

    def _place(self, url: str) -> ProjectPage | None:
        if url.startswith("file:"):
            path = local_path(url)
            if path.suffix in (".html", ".htm") and path.is_file():
                return parse_page(path.read_bytes(), HTML_PAGE, url, "", self.asker.credentials)
            return self._local(url if url.endswith("/") else f"{url}/")
        body, response = self.asker.body(url, {"Accept": f"{HTML_PAGE}, text/html"})
        return parse_page(body, "text/html", str(response.url), "", self.asker.credentials)
