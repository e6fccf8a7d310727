"""Cluster on Kubernetes: kopf's watches feed a mirror of the objects, the official client writes."""
