"""What must hold before packed relocations can be unpacked without changing what the loader does."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise

from musl_audit.elf.headers import Region
from musl_audit.elf.image import Image
from musl_audit.elf.view import ET_DYN, PT_DYNAMIC
from musl_audit.errors import MendError, UnpackError
from musl_audit.repair.relr.tables import Tables
from musl_audit.repair.relr.targets import relocated_regions

SIGNATURE_SECTIONS = (b".signature", b".sig")
SIGNATURE_TRAILER = b"~Module signature appended~\n"


def require_sound(image: Image, tables: Tables) -> None:
    """Raise ``UnpackError`` with the reason where unpacking *tables* would not be the same to every loader."""
    require_changeable(image)
    packed, size = sorted(tables.packed), image.format.word_size
    _require_loaded_once(image, packed)
    _require_apart(packed, size, _rewritten_regions(image, tables), "what unpacking rewrites")
    # Packed entries were applied after all others, and relative ones move before them: the order must not matter.
    relative, others = relocated_regions(image, tables)
    _require_apart(packed, size, relative, "another relocation")
    early = sorted([*packed, *(region.address for region in relative)])
    if any(0 < following - address < size for address, following in pairwise(early)):
        raise UnpackError("relative relocations overlap one another")
    _require_apart(early, size, others, "another relocation")


def require_changeable(image: Image) -> None:
    """Raise ``MendError`` with the reason where a file is laid out so that nothing should be changed in it."""
    if image.header.type != ET_DYN:
        raise MendError("the file is not loaded at an address of the loader's choice")
    _require_unsigned(image)
    _require_ordered_segments(image)
    _require_dynamic_section_loaded(image)
    if any(section.has_bytes and section.file_end > len(image.content) for section in image.sections):
        raise MendError("a section runs past the end of the file")


def _require_unsigned(image: Image) -> None:
    """Refuse files that carry a signature over their own bytes, or check themselves when they are loaded."""
    if image.content.endswith(SIGNATURE_TRAILER):
        raise MendError("the file is signed")
    if any(image.section_name(section) in SIGNATURE_SECTIONS for section in image.sections):
        raise MendError("the file is signed")
    # OpenSSL's FIPS provider compares its own bytes with a digest that was made when it was installed.
    if b"\0OSSL_provider_init\0" in image.content and b"\0module-mac\0" in image.content:
        raise MendError("the file checks a digest of itself: OpenSSL's FIPS module")


def _require_ordered_segments(image: Image) -> None:
    previous_end = 0
    limit = 1 << image.format.bits
    for load in image.loads:
        if load.address < previous_end or load.memory_end >= limit:
            raise MendError("the segments overlap or are not in ascending order")
        if load.file_size > load.memory_size or load.file_end > len(image.content):
            raise MendError("a segment is not wholly in the file")
        previous_end = load.memory_end


def _require_dynamic_section_loaded(image: Image) -> None:
    segments = [segment for segment in image.segments if segment.type == PT_DYNAMIC]
    if len(segments) != 1:
        raise MendError(f"{len(segments)} dynamic sections")
    dynamic = segments[0]
    if image.offset_of(dynamic.address, dynamic.file_size, "dynamic section") != dynamic.offset:
        raise MendError("the dynamic section in the file is not the one in memory")


def _require_loaded_once(image: Image, packed: list[int]) -> None:
    """Refuse *packed* addresses, in ascending order, that no segment holds or that share bytes with one another."""
    size = image.format.word_size
    loads = image.loads
    starts = [load.address for load in loads]
    for address in packed:
        index = bisect_right(starts, address) - 1
        if index < 0 or address + size > loads[index].memory_end:
            raise UnpackError(f"a packed relocation at address {address:#x} is outside of every segment")
    for address, following in pairwise(packed):
        if following - address < size:
            raise UnpackError(f"two packed relocations at address {following:#x}")


def _rewritten_regions(image: Image, tables: Tables) -> Iterator[Region]:
    """Yield the bytes, as addresses, that unpacking rewrites wherever the table goes."""
    yield tables.packed_region
    yield tables.plain_region
    yield from image.header_regions()
    for segment in image.segments:
        if segment.type == PT_DYNAMIC:
            yield Region(segment.address, segment.file_size)


def _require_apart(words: list[int], size: int, others: Iterable[Region], what: str) -> None:
    """Raise if one of *others* shares a byte with one of the *words*, given by ascending addresses."""
    for other in others:
        if not other.size:
            continue
        index = bisect_right(words, other.address - size)
        if index < len(words) and words[index] < other.end:
            raise UnpackError(f"a relative relocation at address {words[index]:#x} overlaps {what}")
