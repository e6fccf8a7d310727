"""The loop that executes plans against a cluster."""
