import pty
import subprocess

import pytest


def test_no_file_and_a_terminal_is_usage(fake, environment):
    parent, child = pty.openpty()
    process = subprocess.run(
        [*fake, "score"], stdin=child, env=environment, capture_output=True, timeout=120, check=False
    )
    assert (process.returncode, process.stdout) == (2, b"")
    assert process.stderr.startswith(b"Usage: tfq score")
    assert parent


@pytest.mark.parametrize("names", ["", "\n\n"])
@pytest.mark.parametrize("command", [["score"], ["show"], ["index", "-o", "x"], ["degrade", "--kind", "blur"]])
def test_an_empty_list_is_usage_so_that_a_broken_pipe_line_cannot_pass_a_gate(tfq, command, names):
    result = tfq(*command, input=names)
    assert result.exit_code == 2
    assert "the list is empty" in result.stderr


def test_names_come_from_a_pipe_one_a_line(tfq, video):
    a, b = video("a.mp4"), video("with space.mp4")
    expected = f"{a.with_suffix('.h5')}\n{b.with_suffix('.h5')}\n"
    assert tfq("extract", input=f"{a}\n{b}").stdout == expected
    assert tfq("extract", "-", input=f"{a}\n{b}\n").stdout == expected
    assert tfq("extract", "-0", input=f"{a}\0{b}\0").stdout == expected


def test_a_dash_stands_among_other_names(tfq, video):
    a, b, c = video("a.mp4"), video("b.mp4"), video("c.mp4")
    assert tfq("extract", a, "-", c, input=f"{b}\n").stdout.splitlines() == [
        str(p.with_suffix(".h5")) for p in (a, b, c)
    ]


def test_names_come_from_a_list(tfq, video, tmp_path):
    (tmp_path / "list.txt").write_text(f"{video('a.mp4')}\n{video('b.mp4')}\n")
    result = tfq("extract", "--files-from", tmp_path / "list.txt")
    assert result.stdout.count("\n") == 2
    assert tfq("extract", "--files-from", tmp_path / "none.txt").exit_code == 3


def test_nul_without_the_option_is_explained(tfq):
    result = tfq("extract", input="a.mp4\0b.mp4\0")
    assert result.exit_code == 2
    assert "--null" in result.stderr


def test_a_command_starts_before_the_one_before_it_ends(fake, environment, video):
    clip = video("a.mp4")
    process = subprocess.Popen([*fake, "extract"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
    process.stdin.write(f"{clip}\n".encode())
    process.stdin.flush()
    assert process.stdout.readline() == f"{clip.with_suffix('.h5')}\n".encode()
    process.stdin.close()
    assert process.wait(timeout=120) == 0
    process.stdout.close()
