"""Controlled degradations of picture and sound, each with a severity and a time span."""
