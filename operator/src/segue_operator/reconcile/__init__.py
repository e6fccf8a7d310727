"""Decisions: from what is observed to a plan. Pure. `dispatch` has the two functions for both kinds."""
