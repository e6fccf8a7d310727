"""Kafka beyond the client library: creating topics, describing consumer groups, ending broken clients."""
