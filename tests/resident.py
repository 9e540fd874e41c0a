"""The real `tfq` for shell lines in tests, without its starting time.

A process that has imported the libraries waits at a socket. The program `tfq` that stands in the shell's path hands its
arguments, folder, environment and standard streams over; a fork of the process is then what tfq is everywhere else.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
CLIENT = """
import json, os, socket, sys
asked = json.dumps([sys.argv[2:], os.getcwd(), dict(os.environ)]).encode()
with socket.socket(socket.AF_UNIX) as line:
    line.connect(sys.argv[1])
    socket.send_fds(line, [len(asked).to_bytes(8)], [0, 1, 2])
    line.sendall(asked)
    sys.exit(int.from_bytes(line.recv(1) or b"\\x89"))
"""
PID = "RESIDENT_PID"  # names a file in which a fork leaves its process id, as it leads a session of its own


@contextlib.contextmanager
def resident(folder: Path) -> Iterator[dict[str, str]]:
    """An environment in whose path `tfq` is a resident process."""
    address, program, client = folder / "socket", folder / "bin" / "tfq", folder / "client.py"
    program.parent.mkdir(parents=True)
    client.write_text(CLIENT)
    words = [sys.executable, "-I", "-S", str(client), str(address)]
    program.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    program.chmod(0o755)
    server = subprocess.Popen([sys.executable, "-m", "tests.resident", str(address)], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        server.stdout.readline()
        inherited = {name: value for name, value in os.environ.items() if name != "GITHUB_STEP_SUMMARY"}
        yield {
            **inherited,
            "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
            "XDG_STATE_HOME": str(folder / "state"),
        }
    finally:
        server.terminate()
        server.wait()


def _serve(address: str) -> None:
    import tfq
    from tfq.cli.app import main

    for name in ("accelerate", "matplotlib.pyplot", "mediapipe", "torch", "torch._dynamo"):
        importlib.import_module(name)
    for module in pkgutil.walk_packages(tfq.__path__, "tfq."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    gc.freeze()  # the forks share the pages that the collector would write to
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # a script's background has it ignored, and forks would be deaf
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(address)
        door.listen()
        print("open", flush=True)
        while True:
            line, _ = door.accept()
            if not os.fork():
                door.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _answer(line, main)
            line.close()


def _answer(line: socket.socket, main) -> None:
    size, streams, _, _ = socket.recv_fds(line, 8, 3)
    with line.makefile("rb") as asking:
        args, folder, environment = json.loads(asking.read(int.from_bytes(size)))
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    if PID in environment:
        os.setsid()
        Path(environment[PID]).write_text(str(os.getpid()))
    sys.argv = ["tfq", *args]
    status = 70
    try:
        main()
    except KeyboardInterrupt:  # before tfq had anything in place
        status = 128 + signal.SIGINT
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
        line.sendall(bytes([status & 255]))
        os._exit(0)


if __name__ == "__main__":
    _serve(sys.argv[1])
