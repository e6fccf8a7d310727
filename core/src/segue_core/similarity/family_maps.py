"""Linear maps of a model's families: fewer dimensions for a family that has many, without mixing it with others.

Because no map mixes two families, each family keeps its own share in every similarity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from segue_core.similarity.arrays import Doubles
from segue_core.store.models import FamilyMap


@dataclass(frozen=True)
class FamilyMaps:
    """The maps of a model; dimensions that none of them takes stay as they are."""

    blocks: tuple[tuple[slice, Doubles | None], ...]
    """Dimensions before, in order and without gaps, and their matrix (out, in); None leaves them as they are."""

    @classmethod
    def of(cls, maps: Sequence[FamilyMap], dimensions: int) -> Self:
        """Read a model's maps.

        Parameters
        ----------
        dimensions
            Of a vector before the maps.

        Raises
        ------
        ValueError
            A matrix is not one, contains a number that is not finite, or takes dimensions that are not there or taken.
        """
        blocks: list[tuple[slice, Doubles | None]] = []
        place = 0
        for part in maps:
            matrix = _matrix(part)
            end = part.start + matrix.shape[1]
            if part.start < place or end > dimensions:
                raise ValueError(f"the map of {part.family} takes dimensions {part.start} to {end} of {dimensions}")
            if part.start > place:
                blocks.append((slice(place, part.start), None))
            blocks.append((slice(part.start, end), matrix))
            place = end
        if place < dimensions:
            blocks.append((slice(place, dimensions), None))
        return cls(tuple(blocks))

    @property
    def width(self) -> int:
        """Dimensions of a vector after the maps."""
        return sum(place.stop - place.start if matrix is None else len(matrix) for place, matrix in self.blocks)

    def apply(self, values: Doubles) -> Doubles:
        """(n, d) -> (n, width)."""
        parts = [values[:, place] if matrix is None else values[:, place] @ matrix.T for place, matrix in self.blocks]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def undo(self, values: Doubles) -> Doubles:
        """(n, width) -> (n, d): the shortest vectors that the maps take to these."""
        parts, start = [], 0
        for place, matrix in self.blocks:
            end = start + (place.stop - place.start if matrix is None else len(matrix))
            part = values[:, start:end]
            parts.append(part if matrix is None else part @ np.linalg.pinv(matrix).T)
            start = end
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)


def _matrix(part: FamilyMap) -> Doubles:
    try:
        matrix = np.array(part.matrix, dtype=np.float64)
    except ValueError as error:
        raise ValueError(f"the map of {part.family} has rows of different lengths") from error
    if matrix.ndim != 2 or not matrix.size or not np.isfinite(matrix).all() or part.start < 0:
        raise ValueError(f"the map of {part.family} is not a matrix of finite numbers")
    return matrix
