"""Train: MongoDB to Kafka to Spark to a published model."""
