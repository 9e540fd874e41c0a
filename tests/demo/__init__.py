"""The clip that comes with tfq: a public-domain portrait that says a sentence with a synthetic voice.

`python -m tests.demo OUT.mp4` makes it. One timeline of speech sounds drives the voice and the mouth, so sound and picture
are in sync by construction.
"""
