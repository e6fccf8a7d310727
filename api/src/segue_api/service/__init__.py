"""What the service does, without HTTP: catalogues in memory, listeners, lists."""
