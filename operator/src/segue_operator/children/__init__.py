"""One builder for each kind of child: pure functions of the parent."""
