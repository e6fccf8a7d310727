"""Kafka and MongoDB for a command: the embedded servers, or the ones that the environment names."""
