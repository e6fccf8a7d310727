"""The two kinds, their conditions and the words of the API: pure."""
