"""Extract: list, join, decode, analyse, produce."""
