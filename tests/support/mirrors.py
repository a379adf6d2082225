"""A real bandersnatch with our plug-in, mirroring an index on loopback."""

import json
import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.support.indexes import JSON_PAGE, Answerer, Asked, Reply, Site, page_row, project_of, site_of
from tests.support.plugins import laid_out
from tests.support.servers import CLIENTS

BANDERSNATCH = CLIENTS / "bandersnatch"
_SERIAL = 7


@dataclass(frozen=True)
class Mirrored:
    """What a run of bandersnatch said, and the files that the mirror holds."""

    code: int
    text: str
    files: frozenset[str]


def upstream(wheels: Iterable[Path]) -> Site:
    """Return an index as bandersnatch reads it: a list with serials, and a JSON document for each project."""
    wheels = sorted(wheels)
    site = site_of(wheels)
    projects = sorted({project_of(path) for path in wheels})
    rows = [{"name": project, "_last-serial": _SERIAL} for project in projects]
    listing = json.dumps({"meta": {"api-version": "1.1", "_last-serial": _SERIAL}, "projects": rows}).encode()
    site.replies["/simple"] = lambda _: Reply(listing, headers={"Content-Type": JSON_PAGE})
    for path in wheels:
        site.replies[f"/packages/{path.name}"] = site.replies[f"/files/{path.name}"]
    for project in projects:
        files = [path for path in wheels if project_of(path) == project]
        site.replies[f"/pypi/{project}/json"] = _document(project, files, site)
    return site


def _document(project: str, paths: list[Path], site: Site) -> Answerer:
    def answer(_: Asked) -> Reply:
        releases: dict[str, list[dict[str, object]]] = {}
        for path in paths:
            row = page_row(path)
            release = releases.setdefault(path.name.split("-")[1], [])
            release.append(
                {
                    "filename": path.name,
                    "url": f"{site.url}/packages/{path.name}",  # where bandersnatch wants it
                    "digests": row["hashes"],
                    "size": row["size"],
                    "packagetype": "bdist_wheel",
                    "requires_python": None,
                    "yanked": False,
                    "upload_time_iso_8601": "2026-11-01T00:00:00.000000Z",
                }
            )
        info = {"name": project, "version": max(releases), "requires_dist": None}
        body = json.dumps({"info": info, "last_serial": _SERIAL, "releases": releases, "urls": []}).encode()
        return Reply(body, headers={"Content-Type": "application/json", "X-PyPI-Last-Serial": str(_SERIAL)})

    return answer


def mirror(folder: Path, site: Site, settings: str, *, is_enabled: bool = True) -> Mirrored:
    """Mirror *site* into *folder* with *settings* below ``[musl_audit]``, and return what the mirror holds then."""
    folder.mkdir(parents=True, exist_ok=True)
    enabled = "[plugins]\nenabled =\n    musl_audit\n" if is_enabled else ""
    configuration = (
        f"[mirror]\ndirectory = {folder / 'web'}\nmaster = {site.url}\nallow-non-https = true\napi-method = simple\n"
        f"json = true\ntimeout = 20\nworkers = 2\nhash-index = false\nstop-on-error = true\n{enabled}\n{settings}"
    )
    (folder / "bandersnatch.conf").write_text(configuration)
    paths = os.pathsep.join(laid_out("bandersnatch", folder / "plugin"))
    environment = {**os.environ, "PYTHONPATH": paths, "MUSL_AUDIT_CACHE_DIR": str(folder / "cache")}
    done = subprocess.run(
        [BANDERSNATCH, "-c", folder / "bandersnatch.conf", "mirror"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    packages = folder / "web" / "web" / "packages"
    held = frozenset(path.name for path in packages.rglob("*.whl")) if packages.exists() else frozenset()
    return Mirrored(done.returncode, done.stdout + done.stderr, held)
