"""Verify: every listed track is stored or rejected."""
