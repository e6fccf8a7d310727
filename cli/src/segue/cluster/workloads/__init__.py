"""Controllers of Jobs, Deployments and SparkApplications: pure functions, and the loop that runs them."""
