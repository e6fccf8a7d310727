"""Segue's operator: turns TrackBatch and TrainingRun into Jobs, Deployments and SparkApplications."""

__version__ = "0.1.0"
