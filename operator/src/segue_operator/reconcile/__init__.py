"""Decisions: what is seen and what should be, to a plan: pure."""
