"""Talking-face quality: how a viewer would judge a generated talking-face video, where it is weak, and why."""

import os

# Threads of numpy's algebra wait for each other in a busy loop, which costs several times what it saves, and two workers that
# multiply at the same time were seen to wait for ever. It is read when numpy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
