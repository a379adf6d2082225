"""What the platform tags of a wheel promise: the floor of each, from the policies, the options or the configuration."""

from musl_audit.errors import UsageError
from musl_audit.judging.settings import Settings
from musl_audit.model import Claim, MuslVersion, WheelName
from musl_audit.policy import Catalog
from musl_audit.wheel.names import musllinux_series


def claims_of(name: WheelName | None, catalog: Catalog, settings: Settings) -> tuple[Claim, ...]:
    """
    Return what each platform tag claims, in the order of the file name.

    A tag that is not musllinux claims nothing that musl could break: its claim has no series. A series without data,
    and an architecture without policies, have no floor. Raise ``UsageError`` for a floor that names nothing.
    """
    chosen = chosen_floor(settings.floor, catalog)
    return tuple(_claim(tag, chosen, catalog, settings) for tag in (name.platform_tags if name else ()))


def _claim(tag: str, chosen: MuslVersion | None, catalog: Catalog, settings: Settings) -> Claim:
    parsed = musllinux_series(tag)
    if parsed is None:
        return Claim(tag)
    series, arch = parsed
    floor = catalog.floor(series, arch) if arch in catalog.arches else None
    if floor is None:
        return Claim(tag, series=series, arch=arch, exists=series in catalog.known_series)
    if chosen is not None:
        floor = max(chosen, catalog.arches[arch].first_release)
    return Claim(tag, series=series, arch=arch, floor=floor, floor_source=settings.floor_source)


def chosen_floor(text: str | None, catalog: Catalog) -> MuslVersion | None:
    """
    Return the release that ``--floor`` names: ``1.2.4``, ``alpine-3.18`` or ``supported``; None where nothing is asked.

    ``supported`` is the oldest musl among the distributions supported at the policies' own date.
    """
    if text is None:
        return None
    if text == "supported":
        return catalog.oldest_supported()
    by_id = {distribution.id: distribution.musl for distribution in catalog.distributions}
    if text in by_id:
        return by_id[text]
    try:
        release = MuslVersion.parse(text)
    except ValueError:
        from difflib import get_close_matches

        near = get_close_matches(text, ["supported", *by_id], n=1)
        raise UsageError(
            f"unknown floor {text!r}: a musl release such as 1.2.4, a distribution such as alpine-3.18, or supported"
            + (f"; did you mean {near[0]!r}?" if near else "")
        ) from None
    if release not in catalog.releases:
        raise UsageError(
            f"unknown musl release {text}: the policies know {catalog.releases[0]} to {catalog.releases[-1]}"
        )
    return release


def floors_to_earn(arch: str, catalog: Catalog, settings: Settings) -> dict[str, MuslVersion]:
    """Return the musllinux tags that a wheel for *arch* can earn, newest series first, with their floors."""
    chosen = chosen_floor(settings.floor, catalog)
    floors = {}
    for series in reversed(catalog.judged_series):
        floor = catalog.floor(series, arch)
        if floor is not None:
            floors[f"musllinux_{series.replace('.', '_')}_{arch}"] = chosen or floor
    return floors


def check_floor(settings: Settings, catalog: Catalog) -> None:
    """Raise ``UsageError`` for a floor that names nothing, before any wheel is read."""
    if settings.floor is None:
        return
    try:
        chosen_floor(settings.floor, catalog)
    except UsageError as error:
        where = f"configuration {settings.config_file}" if settings.config_file else "--floor"
        raise UsageError(f"{'--floor' if settings.floor_source.startswith('--') else where}: {error}") from error
