"""Learned features: a network that hears music, its front end, and where its weights come from."""
