"""The subcommands of ``segue models``."""
