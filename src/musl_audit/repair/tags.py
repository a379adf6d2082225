"""Which platform tags the repaired wheel gets."""

from dataclasses import replace

from musl_audit.errors import UsageError
from musl_audit.model import WheelName
from musl_audit.policy import Arch, Catalog
from musl_audit.repair.actions import RepairSettings
from musl_audit.wheelname import musllinux_series, tag_family


def target_tag(name: WheelName, arch: Arch, catalog: Catalog, settings: RepairSettings, image_plat: str | None) -> str:
    """
    Return the musllinux tag that the repaired wheel promises.

    ``auto`` keeps the wheel's own series; a wheel without one gets that of *image_plat*, what the build image says
    (``AUDITWHEEL_PLAT``), else the newest. Raise ``UsageError`` where ``--plat`` names no tag of this architecture.
    """
    if settings.plat != "auto":
        return _asked(settings.plat, arch, catalog)
    own = [series for tag in name.platform_tags if (series := musllinux_series(tag)) and series[1] == arch.name]
    if own:
        return _tag(max((series for series, _ in own), key=_order), arch)
    if image_plat is not None and tag_family(image_plat) == "musllinux":
        return _asked(image_plat, arch, catalog)
    return _tag(catalog.judged_series[-1], arch)


def _asked(plat: str, arch: Arch, catalog: Catalog) -> str:
    full = plat if musllinux_series(plat) else f"{plat}_{arch.name}"
    parsed = musllinux_series(full)
    if parsed is None:
        raise UsageError(f"{plat!r} is not auto, musllinux_X_Y or musllinux_X_Y_ARCH")
    series, named = parsed
    if named != arch.name:
        raise UsageError(f"{plat} names another architecture than the wheel's, which is {arch.name}")
    if catalog.floor(series, arch.name) is None:
        raise UsageError(f"{plat}: the policies have no data for musl {series}")
    return full


def _order(series: str) -> tuple[int, ...]:
    return tuple(int(part) for part in series.split("."))


def _tag(series: str, arch: Arch) -> str:
    return f"musllinux_{series.replace('.', '_')}_{arch.name}"


def retagged(name: WheelName, tag: str, settings: RepairSettings) -> WheelName:
    """
    Return *name* with *tag*, and with the build tag that was asked for.

    Tags that promise nothing (``linux_x86_64``, ``any``) go; others stay unless ``--only-plat`` was given.
    """
    if not settings.update_tags:
        return replace(name, build=settings.build_tag or name.build)
    others = [other for other in name.platform_tags if tag_family(other) not in ("linux", "any") and other != tag]
    platforms = (tag,) if settings.only_plat else tuple(sorted({tag, *others}))
    return replace(name, platform_tags=platforms, build=settings.build_tag or name.build)
