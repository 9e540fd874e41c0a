import subprocess
import sys

LOST = """
import os, signal, time, weakref
from tfq.cli import interrupt

class Thing: pass

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets what it puts into the background ignore it
interrupt.insist()
thing = Thing()
watch = weakref.ref(thing, lambda _: os.kill(os.getpid(), signal.SIGINT))
try:
    del thing
    time.sleep(10)
except KeyboardInterrupt:
    print("heard")
"""


def test_an_interrupt_that_python_drops_comes_again():
    ran = subprocess.run([sys.executable, "-c", LOST], capture_output=True, text=True, timeout=120, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "heard\n", "")
