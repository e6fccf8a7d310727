"""Controllers of Job, Deployment and SparkApplication as pure functions: object and pods to actions and status."""
