"""HTTP: from a request to a typed call and back, and who may make it."""
