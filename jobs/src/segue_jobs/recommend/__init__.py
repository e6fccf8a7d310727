"""Recommend: what sounds like this, what next, and why."""
