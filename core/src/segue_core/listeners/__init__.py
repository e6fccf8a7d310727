"""Listeners: what an event is worth, and what a listener's profile becomes by it. No I/O, no clock."""
