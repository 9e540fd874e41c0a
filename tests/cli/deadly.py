"""`tfq extract`, whose worker is killed after it has been through a file of this name."""

import os
import signal
import sys

from tfq.cli import output, run
from tfq.cli.options import Loop
from tfq.config import Settings

NAME = "deadly.mp4"


def after(file, item):
    if item.name.endswith(NAME):
        os.kill(os.getpid(), signal.SIGKILL)


def main(address, out, *names):
    loop = Loop(files=list(names), out_dir=out, ray=address, ray_retries=1)
    with output.configured(False, 0, None), output.guarded():
        sys.exit(run.each_file(loop, "extract", Settings(), after=after))


if __name__ == "__main__":
    from tests.cli import deadly  # workers import it by this name

    deadly.main(*sys.argv[1:])
