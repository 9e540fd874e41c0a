"""The only door to PyAV: probing, frames, samples, and writing."""
