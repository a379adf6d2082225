"""The ways out of a broken installation, each as commands that work where they are printed."""

from collections.abc import Iterable, Iterator, Sequence
from shlex import quote

from musl_audit.environment.installed.values import NOTHING_ASKED, Asked, Installation, InstalledAnswer, Origin
from musl_audit.frozen import frozen
from musl_audit.judging.rules.base import spell
from musl_audit.judging.rules.musl202_external_library import RULE as LIBRARY
from musl_audit.model import MuslVersion
from musl_audit.policy import Catalog

_WHEELS = frozenset({Origin.RECORD, Origin.LIST})  # what pip installed, and may install again
_BROKEN, _MENDED = "broken-wheels", "mended-wheels"  # folders that the commands make


@frozen
class WayOut:
    """One way: what it does, and the commands, in their order; none where it is a thing to choose."""

    kind: str  # install, mend-installed, mend-downloaded, mend-served, other-version, move
    sentence: str
    commands: tuple[str, ...] = ()


def ways_out(installation: Installation, catalog: Catalog, asked: Asked = NOTHING_ASKED) -> tuple[WayOut, ...]:
    """Return the ways out for what is broken in *installation*, the one that needs least first."""
    broken = [answer for answer in installation.broken if answer.project.origin in _WHEELS]
    mendable = [answer for answer in broken if answer.is_mendable]
    return (
        *_libraries(installation.broken),
        *_mendings(mendable, installation, asked),
        *_others(broken, installation),
        *_moves(installation, catalog),
    )


def _libraries(broken: Iterable[InstalledAnswer]) -> Iterator[WayOut]:
    """Yield the libraries of the system that are missing: apk finds the package by the name of the library."""
    found = [item for answer in broken for item in answer.report.findings if item.code == LIBRARY.code]
    names = sorted({name for item in found for name in item.libraries})
    if names:
        wanted = " ".join(quote(f"so:{name}") for name in names)
        yield WayOut("install", f"install {spell(names)}; on Alpine", (f"apk add {wanted}",))


def _mendings(answers: Sequence[InstalledAnswer], installation: Installation, asked: Asked) -> Iterator[WayOut]:
    if not answers:
        return
    python = quote(installation.interpreter)
    install = f"{python} -m pip install --force-reinstall --no-deps{_target(answers)} {_MENDED}/*.whl"
    ends = () if asked.root else (install,)
    repair = f"musl-audit repair -w {_MENDED} {_BROKEN}/*.whl"
    which = "it" if len(answers) == 1 else "them"
    gather = f"musl-audit env {asked.words(installation.interpreter)} --wheels {_BROKEN}"
    yield WayOut("mend-installed", f"mend {which} as installed, without a network", (gather, repair, *ends))
    if asked.root:
        return
    pins = " ".join(quote(f"{answer.project.name}=={answer.project.version}") for answer in answers)
    fetch = f"{python} -m pip download --no-deps --only-binary :all: -d {_BROKEN} {pins}"
    yield WayOut("mend-downloaded", f"mend {which} on the way from the index", (fetch, repair, *ends))
    release, minor = installation.libc.rpartition(" ")[2], ".".join(installation.version.split(".")[:2])
    serve = f"musl-audit index --on {quote(release)} --python {quote(minor)} --repair --"
    again = f"{python} -m pip install --force-reinstall --no-deps{_target(answers)} {pins}"
    yield WayOut("mend-served", "the same in one command, by an index that mends", (f"{serve} {again}",))


def _target(answers: Sequence[InstalledAnswer]) -> str:
    """Return the option that puts the result where the broken files are, where that is no site-packages of pip's."""
    folders = {answer.project.folder for answer in answers}
    named = [folder for folder in folders if not folder.endswith(("/site-packages", "/dist-packages"))]
    return f" --upgrade --target {quote(named[0])}" if len(named) == len(folders) == 1 else ""


def _others(broken: Sequence[InstalledAnswer], installation: Installation) -> Iterator[WayOut]:
    """Yield how to ask for the newest version of each project that loads here."""
    release = installation.libc.rpartition(" ")[2]
    if broken and installation.version:
        minor = ".".join(installation.version.split(".")[:2])
        names = " ".join(dict.fromkeys(quote(answer.project.name) for answer in broken))
        where = f"--on {quote(release)} --python {quote(minor)} --arch {quote(installation.arch)}"
        yield WayOut("other-version", "take the newest version that loads here", (f"musl-audit which {where} {names}",))


def _moves(installation: Installation, catalog: Catalog) -> Iterator[WayOut]:
    needed = [answer.needed for answer in installation.broken if answer.needed is not None]
    if not needed:
        return
    release = max(needed)
    version = ".".join(installation.version.split(".")[:2])
    image = image_for(release, version, catalog, installation.arch)
    said = f"move to musl {release} or later"
    yield WayOut("move", f"{said}: the image {image}, as of {catalog.images_date}" if image else said)


def image_for(release: MuslVersion, python: str, catalog: Catalog, arch: str) -> str | None:
    """Return the image with Python *python* on the newest supported Alpine with musl *release* at least."""
    bits = catalog.arches[arch].bits
    alpines = {
        row.release: row
        for row in catalog.distributions
        if row.id.startswith("alpine-") and row.musl >= release and row.bits in (None, bits)
    }
    images = [(alpines[alpine], name) for alpine, name in catalog.images_of(python) if alpine in alpines]
    supported = [name for row, name in images if row.is_supported_at(catalog.date)]
    chosen = supported or [name for _, name in images]
    return chosen[-1] if chosen else None
