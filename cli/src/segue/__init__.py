"""The command ``segue``: kubectl's words for one machine."""
