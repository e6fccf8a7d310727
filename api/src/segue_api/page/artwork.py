"""A picture for a track that has none, made of how it sounds: alike sounds have alike colours and shapes.

The colour comes from the track's place on the map, the four rings from the families that analysis gives, the outermost
from timbre.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from segue_core.contract import ANALYSED_FAMILIES, Family
from segue_core.similarity.arrays import Singles

SIZE = 240
_POINTS = 11
"""Corners of a ring before they are rounded; odd, so that no ring has a twofold symmetry."""
_RADII = (104.0, 79.0, 54.0, 29.0)
_SWING = 0.17
_TURN = 24
"""Degrees of hue from one ring to the next."""
_LIGHTNESS = (0.55, 0.67, 0.79, 0.91)
_TO_CONES = np.array(
    ((1.0, 0.3963377774, 0.2158037573), (1.0, -0.1055613458, -0.0638541728), (1.0, -0.0894841775, -1.2914855480))
)
_TO_LINEAR = np.array(
    (
        (4.0767416621, -3.3077115913, 0.2309699292),
        (-1.2684380046, 2.6097574011, -0.3413193965),
        (-0.0041960863, -0.7034186147, 1.7076147010),
    )
)


def picture(vector: Singles, slices: Mapping[Family, slice], place: tuple[float, float]) -> str:
    """An SVG image.

    Parameters
    ----------
    vector
        (d,) in the model's space.
    slices
        Dimensions of each family.
    place
        x and y on the map, from 0 to 1.
    """
    across, up = place[0] - 0.5, place[1] - 0.5
    hue = math.degrees(math.atan2(up, across))
    chroma = 0.05 + 0.07 * min(1.0, 2.6 * math.hypot(across, up))
    rings = "".join(
        f'<path d="{_ring(vector[slices[family]], radius, number)}" '
        f'fill="{_colour(_LIGHTNESS[number], chroma, hue + _TURN * (number + 1))}"/>'
        for number, (family, radius) in enumerate(zip(ANALYSED_FAMILIES, _RADII, strict=True))
        if family in slices
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}">'
        f'<defs><linearGradient id="g" x1="0" y1="0" x2="1" y2="1">'
        f'<stop offset="0" stop-color="{_colour(0.34, 0.7 * chroma, hue - _TURN)}"/>'
        f'<stop offset="1" stop-color="{_colour(0.46, 0.8 * chroma, hue)}"/></linearGradient></defs>'
        f'<rect width="{SIZE}" height="{SIZE}" fill="url(#g)"/>{rings}</svg>'
    )


def _colour(lightness: float, chroma: float, hue: float) -> str:
    """A colour of OKLCh (Ottosson, A perceptual color space, 2020) as hexadecimal sRGB: one lightness for all hues."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    cones = _TO_CONES @ np.array((lightness, a, b))
    linear = np.clip(_TO_LINEAR @ cones**3, 0.0, 1.0)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return "#" + "".join(f"{round(255 * channel):02x}" for channel in encoded.tolist())


def _ring(values: Singles, radius: float, number: int) -> str:
    """A closed curve through points whose distance from the centre follows the values (Catmull-Rom)."""
    spread = float(np.std(values)) or 1.0
    swings = np.tanh((values - values.mean()) / spread)
    places = np.linspace(0, len(swings), _POINTS, endpoint=False)
    drawn = np.interp(places, np.arange(len(swings) + 1), np.append(swings, swings[0]))
    angles = 2 * np.pi * np.arange(_POINTS) / _POINTS + 0.7 * number
    radii = radius * (1 + _SWING * drawn)
    points = SIZE / 2 + np.stack((radii * np.cos(angles), radii * np.sin(angles)), axis=1)
    before, after = np.roll(points, 1, axis=0), np.roll(points, -1, axis=0)
    leave = points + (after - before) / 6
    arrive = after - (np.roll(points, -2, axis=0) - points) / 6
    curves = "".join(
        f"C{a[0]:.1f} {a[1]:.1f} {b[0]:.1f} {b[1]:.1f} {c[0]:.1f} {c[1]:.1f}"
        for a, b, c in zip(leave, arrive, after, strict=True)
    )
    return f"M{points[0][0]:.1f} {points[0][1]:.1f}{curves}Z"
