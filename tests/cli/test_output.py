import os
import pty
import subprocess

import pytest

from tfq.cli import output


def on_terminal(command, environment, stdout):
    """What a command draws on a terminal that is its standard error."""
    parent, child = pty.openpty()
    process = subprocess.Popen(command, env=environment, stdout=stdout, stderr=child, stdin=subprocess.DEVNULL)
    os.close(child)
    drawn = b""
    try:
        while block := os.read(parent, 4096):
            drawn += block
    except OSError:  # a terminal without a writer
        pass
    os.close(parent)
    assert process.wait(timeout=120) == 0
    return drawn


def test_a_bar_is_drawn_for_a_person_and_for_nobody_else(fake, environment, video, tmp_path):
    command = [*fake, "extract", str(video("clip.mp4"))]
    with (tmp_path / "paths").open("wb") as paths:
        assert b"clip.mp4: extract" in on_terminal(command, {**environment, "COLUMNS": "200"}, paths)
        assert on_terminal([*command, "--quiet"], environment, paths) == b""


def test_of_a_chain_only_the_last_command_draws(fake, environment, video):
    reading, writing = os.pipe()
    assert on_terminal([*fake, "extract", str(video("clip.mp4"))], environment, writing) == b""
    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize("name", ["a\x1b[2Jb.mp4", "a\nb.mp4", "a\rb.mp4", "a\udce9b.mp4"])
def test_a_name_cannot_move_the_cursor(name):
    assert output.sentence(ValueError("bad"), name).isprintable()


def test_a_name_is_said_once():
    assert output.sentence(ValueError("clip.h5: damaged"), "clip.mp4", "clip.h5") == "clip.h5: damaged"
    assert output.sentence(ValueError("damaged"), "clip.mp4", "clip.h5") == "clip.mp4: damaged"
    assert output.sentence(KeyError(), "clip.mp4") == "clip.mp4: KeyError"
