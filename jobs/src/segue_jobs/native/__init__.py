"""The native engine: librosa's numbers from one pass over a stream, with numpy and scipy.fft alone."""
