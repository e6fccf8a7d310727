"""The subcommands of ``segue keys``."""
