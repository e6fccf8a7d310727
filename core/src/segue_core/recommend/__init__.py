"""Recommendations: what sounds like this, what to play next, and why."""
