"""The ports of the service, on MongoDB and Kafka."""
