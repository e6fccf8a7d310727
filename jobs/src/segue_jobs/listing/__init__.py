"""Which tracks a batch has: the audio folder and the metadata, joined. Extract and verify share this one answer."""
