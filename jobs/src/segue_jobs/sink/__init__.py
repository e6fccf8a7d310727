"""Sink: from Kafka to MongoDB."""
