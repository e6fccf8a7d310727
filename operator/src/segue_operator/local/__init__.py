"""A Cluster on one machine: children become processes, Kafka and MongoDB are embedded."""
