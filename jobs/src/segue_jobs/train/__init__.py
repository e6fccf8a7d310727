"""Train: from MongoDB via Kafka and Spark to a published model."""
