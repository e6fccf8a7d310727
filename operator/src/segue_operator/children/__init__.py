"""One builder a child kind: pure functions of the parent."""
