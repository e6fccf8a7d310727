"""Decisions: what is seen and what should be, to a plan: pure. `dispatch` has the two functions for both kinds."""
