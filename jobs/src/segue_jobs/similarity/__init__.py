"""Similarity of vectors: scaling, exact search in cells, mutual proximity, measures, explanations. No I/O."""
