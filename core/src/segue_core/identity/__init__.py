"""Which id a file gets, and when two files are one recording: an id means one piece of music for good."""
