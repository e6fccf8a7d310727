"""The two kinds, their conditions and the names in the API. Pure."""
