"""Which bytes a request asks for: valid single ranges, and nothing else makes the service work."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_api.http.byte_range import ByteRange, UnsatisfiableError, matches_etag, requested_range


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (None, None),
        ("bytes=0-", (0, 100)),
        ("bytes=0-0", (0, 1)),
        ("bytes=10-19", (10, 20)),
        ("bytes=-5", (95, 100)),
        ("bytes=-500", (0, 100)),
        ("bytes=99-999999999999999999", (99, 100)),
        ("Bytes = 1-2", (1, 3)),
        ("bytes=5-2", None),
        ("bytes=-", None),
        ("bytes=0-1,2-3", None),
        ("bytes=" + ",".join(["0-"] * 5000), None),
        ("bytes=1-" + "9" * 5000, None),
        ("bytes=+1-2", None),
        ("bytes=٣-٤", None),
        ("items=0-5", None),
    ],
)
def test_ranges(header: str | None, wanted: tuple[int, int] | None) -> None:
    assert requested_range(header, 100) == (None if wanted is None else ByteRange(*wanted))


@pytest.mark.parametrize(("header", "size"), [("bytes=100-", 100), ("bytes=-0", 100), ("bytes=0-", 0), ("bytes=-1", 0)])
def test_what_the_file_does_not_have(header: str, size: int) -> None:
    with pytest.raises(UnsatisfiableError):
        requested_range(header, size)


ranges = st.from_regex(r"bytes=[0-9]{0,20}-[0-9]{0,20}", fullmatch=True)


@given(header=st.text(max_size=60) | ranges, size=st.integers(0, 2**40))
def test_a_range_is_always_a_part_of_the_file(header: str, size: int) -> None:
    try:
        found = requested_range(header, size)
    except UnsatisfiableError:
        return
    assert found is None or 0 <= found.start < found.end <= size


def test_entities_are_compared_without_their_weakness() -> None:
    assert matches_etag('W/"a", "b"', '"a"')
    assert matches_etag("*", '"a"')
    assert not matches_etag('"b"', '"a"')
    assert not matches_etag(None, '"a"')
