"""Sink: Kafka to MongoDB."""
