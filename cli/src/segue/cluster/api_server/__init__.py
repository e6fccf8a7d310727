"""The local cluster's API server: objects, their rules, and their files."""
