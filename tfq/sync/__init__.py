"""Lip sync: windows, distances, offsets."""
