"""The database: its collections and indexes, the documents in them, and how they are read and written."""
