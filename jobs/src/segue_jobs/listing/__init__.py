"""Which tracks a batch has: the audio folder joined with the metadata. Extract and verify both use this."""
