"""Similarity of vectors: scaling, exact search in cells, mutual proximity, explanations. No I/O."""
