"""Segue's programs: extract, sink, verify, train and recommend."""

__version__ = "0.1.0"
