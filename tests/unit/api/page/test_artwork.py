"""Pictures of tracks: valid, alike for alike sounds, and bounded."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segue_api.page.artwork import SIZE, picture
from segue_core.contract import Family

SLICES = {
    Family.TIMBRE: slice(0, 40),
    Family.SPECTRAL: slice(40, 60),
    Family.HARMONY: slice(60, 75),
    Family.RHYTHM: slice(75, 80),
}
SHARES = st.floats(0, 1)


def numbers(image: str) -> list[float]:
    paths = "".join(path.attrib["d"] for path in ET.fromstring(image).iter("{http://www.w3.org/2000/svg}path"))
    return [float(one) for one in re.findall(r"-?\d+\.\d", paths)]


@given(st.integers(0, 2**32 - 1), SHARES, SHARES)
def test_every_picture_is_an_image_within_its_frame(seed: int, across: float, up: float) -> None:
    vector = np.random.default_rng(seed).normal(size=80).astype(np.float32)
    image = picture(vector, SLICES, (across, up))
    colours = re.findall(r"#[0-9a-f]+", image)
    assert len(colours) == 6
    assert {len(one) for one in colours} == {7}
    assert all(-SIZE * 0.1 < one < SIZE * 1.1 for one in numbers(image))


def test_a_silent_family_is_a_circle_and_a_missing_one_is_left_out() -> None:
    image = picture(np.zeros(80, dtype=np.float32), {Family.RHYTHM: slice(75, 80)}, (0.5, 0.5))
    assert image.count("<path") == 1


def test_alike_sounds_have_alike_pictures() -> None:
    random = np.random.default_rng(1)
    vector, other = random.normal(size=(2, 80)).astype(np.float32)
    near = vector + 0.01 * other
    drawn, alike, unlike = (np.array(numbers(picture(one, SLICES, (0.2, 0.3)))) for one in (vector, near, other))
    assert np.abs(drawn - alike).max() < 3 < np.abs(drawn - unlike).max()
