"""`python -m tests.demo OUT.mp4`"""

import sys
from pathlib import Path

from tests.demo.face import animate
from tests.demo.script import timeline
from tests.demo.voice import speak
from tfq.media.writer import write

if __name__ == "__main__":
    line = timeline()
    write(Path(sys.argv[1]), animate(line), speak(line), crf=22, audio_bitrate=48_000)
