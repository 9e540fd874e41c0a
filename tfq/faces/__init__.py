"""Faces: detection, tracks, landmarks, alignment."""
