"""Words of a packed table, and the addresses that they stand for."""

import pytest
from tests.support.packed_library import encode_packed

from musl_audit.errors import UnpackError
from musl_audit.repair.relr.decode import count_addresses, table_words, unpack_addresses


def test_an_even_word_is_an_address() -> None:
    """Even words stand for themselves."""
    assert unpack_addresses([0x1000, 0x2002], word_size=8) == [0x1000, 0x2002]


def test_a_bitmap_counts_from_the_word_behind_the_address() -> None:
    """Bit 1 is the word behind the last address, bit 2 the next one."""
    assert unpack_addresses([0x1000, 0b101 | 1 << 63], word_size=8) == [0x1000, 0x1010, 0x1000 + 63 * 8]


def test_a_second_bitmap_continues_behind_the_first() -> None:
    """Each bitmap covers 63 words of 8 bytes, or 31 of 4, used or not."""
    assert unpack_addresses([0x1000, 1, 0b11], word_size=4) == [0x1000, 0x1004 + 31 * 4]


def test_words_are_in_the_byte_order_of_the_file() -> None:
    """A big-endian table reads big-endian."""
    assert table_words(b"\0\0\0\x10\0\0\0\x03", word_size=4, order=">") == (0x10, 3)


def test_a_bitmap_without_an_address_is_refused() -> None:
    """Nothing says where such a bitmap begins."""
    with pytest.raises(UnpackError, match="begins with a bitmap"):
        unpack_addresses([3, 0x1000], word_size=8)


def test_half_a_word_is_refused() -> None:
    """The size of the table is a multiple of a word."""
    with pytest.raises(UnpackError, match="12 bytes"):
        table_words(bytes(12), word_size=8, order="<")


def test_addresses_are_counted_without_building_them() -> None:
    """The count is that of the addresses, whatever it is."""
    words = [0x1000, (1 << 64) - 1, 1, 0b111]
    assert count_addresses(words) == len(unpack_addresses(words, word_size=8)) == 66


def test_what_a_linker_packs_comes_back() -> None:
    """Packing, then unpacking, gives the same addresses, far ones and odd distances among them."""
    addresses = [0x10, 0x18, 0x28, 0x2A8, 0x2B2, 0x10000]
    assert unpack_addresses(encode_packed(addresses, 8), word_size=8) == addresses
