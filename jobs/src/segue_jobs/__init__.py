"""Segue's programs: extract, sink, verify and train."""
