"""The native engine: librosa's numbers in one pass over a stream, with only numpy and scipy.fft."""
