"""The cluster on one machine: it runs the Jobs, Deployments and SparkApplications of our manifests as processes."""
