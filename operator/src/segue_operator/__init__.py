"""Segue's operator: turns TrackBatch and TrainingRun into Jobs, Deployments and SparkApplications."""
