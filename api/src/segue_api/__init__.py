"""Segue's service: recommendations and listeners' events over HTTP."""
