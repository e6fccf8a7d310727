"""Headers of Ogg files, good and hostile: pictures come out as they went in, and nothing else comes out at all."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_core.store.ogg_pictures import headers_size, ogg_picture, ogg_pictures
from support.ogg_pages import block, comments, described, pages

JPEG = b"\xff\xd8\xff\xe0" + b"front" * 200


FORMS = {
    "vorbis": (b"\x01vorbis", comments(b"TITLE=a", described(JPEG))),
    "opus": (b"OpusHead", comments(described(JPEG), magic=b"OpusTags")),
    "speex": (b"Speex   1.2", comments(described(JPEG), magic=b"")),
    "flac": (b"\x7fFLAC", b"\x06\x00\x00\x00" + block(JPEG)),
    "flac with comments": (b"\x7fFLAC", comments(described(JPEG), magic=b"\x84\x00\x00\x00")),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_picture_is_found_in_every_kind_of_stream(form: str) -> None:
    headers, other = pages(*FORMS[form]), pages(b"fishead", serial=9)
    first, rest = headers[: 28 + len(FORMS[form][0])], headers[28 + len(FORMS[form][0]) :]
    data = first + other + rest  # another stream between
    file = data + pages(b"music" * 100, granule=960)
    size = headers_size(lambda offset, count: file[offset : offset + count])
    assert size == len(data)
    assert ogg_pictures(file[:size]) == [(3, JPEG)]
    assert ogg_picture(file[:size], hashlib.sha256(JPEG).hexdigest()) == JPEG
    assert ogg_picture(file[:size], None) == b""


@pytest.mark.parametrize("value", [b"METADATA_BLOCK_PICTURE=!!", b"METADATA_BLOCK_PICTURE=AAAA", b"TITLE=" + JPEG])
def test_what_is_damaged_is_left_out(value: bytes) -> None:
    headers = pages(b"\x01vorbis", comments(value, described(JPEG)))
    assert ogg_pictures(headers) == [(3, JPEG)]


@given(st.binary(max_size=400), st.integers(0, 3000))
def test_nothing_harms(noise: bytes, place: int) -> None:
    good = pages(*FORMS["vorbis"])
    spoilt = good[:place] + noise + good[place + len(noise) :]
    assert len(ogg_pictures(spoilt)) <= 1
    assert headers_size(lambda offset, count: spoilt[offset : offset + count]) <= len(spoilt)


def test_headers_without_an_end_are_given_up() -> None:
    endless = pages(b"x" * 60_000)
    reads = 0

    def read(offset: int, size: int) -> bytes:
        nonlocal reads
        reads += 1
        return endless[:size]

    assert headers_size(read) == 0
    assert reads < 1000
