"""The loop that carries plans out against a Cluster."""
