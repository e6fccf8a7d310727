"""What Segue's programs, operator, service and command line share."""

__version__ = "0.1.0"
