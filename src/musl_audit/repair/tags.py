"""Which platform tags the repaired wheel gets."""

from dataclasses import replace
from itertools import product
from math import prod

from musl_audit.errors import UsageError
from musl_audit.model import WheelMetadata, WheelName
from musl_audit.policy import Arch, Catalog
from musl_audit.repair.actions import RepairSettings
from musl_audit.wheel.names import musllinux_series, tag_arch, tag_family

MOST_TAGS = 4096  # combinations; a good wheel has a dozen, and each is a line of WHEEL


def check_plat(plat: str, catalog: Catalog) -> None:
    """
    Raise ``UsageError`` where *plat* is nothing that a repair could aim at.

    Tags of manylinux are auditwheel's to judge: what is built for glibc goes there.
    """
    if plat == "auto" or tag_family(plat) == "manylinux" or plat.removeprefix("linux_") in catalog.arches:
        return
    parsed = musllinux_series(plat) or musllinux_series(f"{plat}_any")
    if parsed is None:
        raise UsageError(f"--plat {plat!r} is not auto, musllinux_X_Y, musllinux_X_Y_ARCH or a manylinux tag")
    series, arch = parsed
    if arch != "any" and arch not in catalog.arches:
        raise UsageError(f"--plat {plat}: the policies do not know the architecture {arch!r}")
    if series not in catalog.judged_series:
        raise UsageError(f"--plat {plat}: the policies have no data for musl {series}")


def target_tag(name: WheelName, arch: Arch, catalog: Catalog, settings: RepairSettings, image_plat: str | None) -> str:
    """
    Return the musllinux tag that the repaired wheel promises.

    ``auto`` keeps the wheel's own series; a wheel without one gets that of *image_plat*, what the build image says
    (``AUDITWHEEL_PLAT``), else the newest. Raise ``UsageError`` where ``--plat`` is none, or for another architecture.
    """
    if tag_family(settings.plat) == "linux" and settings.plat != f"linux_{arch.name}":
        raise UsageError(f"--plat {settings.plat} names another architecture than the wheel's, which is {arch.name}")
    if settings.plat != "auto" and tag_family(settings.plat) != "linux":
        return _asked(settings.plat, arch, catalog, "--plat ")
    named = {named for tag in name.platform_tags if (named := tag_arch(tag))}
    if named and arch.name not in named:
        raise UsageError(
            f"the file name says {', '.join(sorted(named))}, the binaries are for {arch.name}; "
            f"--plat musllinux_{catalog.judged_series[-1].replace('.', '_')}_{arch.name} decides"
        )
    own = [series for tag in name.platform_tags if (series := musllinux_series(tag)) and series[1] == arch.name]
    if own:
        return _tag(max((series for series, _ in own), key=_order), arch)
    if image_plat is not None and tag_family(image_plat) == "musllinux":
        return _asked(image_plat, arch, catalog, "AUDITWHEEL_PLAT=")
    return _tag(catalog.judged_series[-1], arch)


def _asked(plat: str, arch: Arch, catalog: Catalog, source: str) -> str:
    full = plat if musllinux_series(plat) else f"{plat}_{arch.name}"
    parsed = musllinux_series(full)
    if parsed is None:
        raise UsageError(f"{source}{plat} is no musllinux tag, and the wheel is musl's")
    series, named = parsed
    if named != arch.name:
        raise UsageError(f"{source}{plat} names another architecture than the wheel's, which is {arch.name}")
    if catalog.floor(series, arch.name) is None:
        raise UsageError(f"{source}{plat}: the policies have no data for musl {series}")
    return full


def _order(series: str) -> tuple[int, ...]:
    return tuple(int(part) for part in series.split("."))


def _tag(series: str, arch: Arch) -> str:
    return f"musllinux_{series.replace('.', '_')}_{arch.name}"


def retagged(name: WheelName, tag: str, settings: RepairSettings) -> WheelName:
    """
    Return *name* with *tag*, and with the build tag that was asked for.

    Tags that promise nothing (``linux_x86_64``, ``any``) go; others stay, in their order, unless ``--only-plat`` was
    given.
    """
    kept = tuple(other for other in name.platform_tags if tag_family(other) not in ("linux", "any"))
    platforms = kept if tag in kept else tuple(sorted({tag, *kept}))
    return replace(
        name, platform_tags=(tag,) if settings.only_plat else platforms, build=settings.build_tag or name.build
    )


def counted_tags(name: WheelName) -> int:
    """Return how many tags *name* stands for."""
    return prod(map(len, (name.python_tags, name.abi_tags, name.platform_tags)))


def has_tags_of(metadata: WheelMetadata, name: WheelName) -> bool:
    """Whether WHEEL says the tags of *name*, one per line or compressed."""
    written: set[tuple[str, ...]] = set()
    for line in metadata.tags:
        parts = [part.split(".") for part in line.lower().split("-")]
        if prod(map(len, parts)) > MOST_TAGS:
            return False
        written.update(product(*parts))
    return written == set(product(name.python_tags, name.abi_tags, name.platform_tags))
