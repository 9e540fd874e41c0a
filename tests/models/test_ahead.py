import threading

import pytest

from tfq.models.ahead import Ahead


def test_what_was_begun_is_not_done_again():
    ahead, done = Ahead(), threading.Event()
    ahead.begin({"a": lambda: 1, "b": done.set})
    assert done.wait(10)
    ahead.begin({"a": lambda: 2})
    assert ahead.take("a", lambda: 3) == 1
    assert ahead.take("a", lambda: 4) == 4  # each answer is handed out once, so that they do not pile up


def test_what_waits_is_done_by_who_wants_it_and_what_runs_is_waited_for():
    ahead, go, started, runs = Ahead(), threading.Event(), threading.Event(), []

    def long() -> str:
        started.set()
        assert go.wait(10)
        return "ahead"

    ahead.begin({"long": long, "short": lambda: runs.append("ahead")})
    assert started.wait(10)
    assert ahead.take("short", lambda: "here") == "here"
    go.set()
    assert ahead.take("long", lambda: "here") == "ahead"
    ahead.end()
    assert runs == []


def test_a_failure_is_met_by_who_asks():
    def fails() -> None:
        raise RuntimeError("ahead")

    ahead = Ahead()
    ahead.begin({"a": fails})
    with pytest.raises(ValueError, match="here"):
        ahead.take("a", lambda: int("here"))


def test_the_end_forgets_and_leaves_nothing_running():
    ahead, go, started, runs = Ahead(), threading.Event(), threading.Event(), []
    ahead.begin({"a": lambda: (started.set(), go.wait(10)), "b": lambda: runs.append("b")})
    assert started.wait(10)
    threading.Timer(0.1, go.set).start()
    ahead.end()
    assert go.is_set()
    assert runs == []
    assert ahead.take("a", lambda: "here") == "here"
