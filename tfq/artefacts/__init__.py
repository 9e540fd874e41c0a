"""Controlled degradations of picture and sound, each with a severity and a time span.

`KINDS` is the table: what each kind touches and what its five severities mean in numbers. The functions behind it work
on arrays, so that a stage makes files with them and training draws fresh ones:

    worse = KINDS["white_noise"].sound(sound, severity=3, scene=Scene(range(25, 50), frames=100, seed=1))

Severity 1 is meant to be barely noticed, 5 to be very annoying. What a person would answer is in `labels`.
"""

from tfq.artefacts.kinds import Kind
from tfq.artefacts.scene import Scene
from tfq.artefacts.table import KINDS

__all__ = ["KINDS", "Kind", "Scene"]
