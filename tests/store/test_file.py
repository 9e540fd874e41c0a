from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.builders import h5
from tfq.errors import FormatError, InputError, InUseError, TfqError
from tfq.store import GroupWriter, Stamp, TfqFile
from tfq.store.sink import Sink

STAMP = Stamp("extract", 1, {"size": 320}, {"net": "aa"}, {"source": "bb"})
TIMES = np.arange(5) / 25


def write(path: Path, values: np.ndarray = TIMES, stamp: Stamp = STAMP) -> Path:
    with TfqFile(path) as file, file.replacing("extract", stamp, {"source_name": "a.mp4"}) as group:
        group.put("time_s", values)
    return path


def read(path: Path) -> np.ndarray:
    with TfqFile(path, read_only=True) as file:
        return file.array("extract/time_s")


@pytest.mark.parametrize("kept", [True, False])
def test_pictures_are_packed_in_files_that_somebody_keeps(tmp_path, kept):
    crops = np.zeros((5, 96, 96, 3), np.uint8)
    with TfqFile(tmp_path / "a.h5", durable=kept) as file, file.replacing("align", Stamp("align", 1)) as group:
        group.put("crops", crops)
    with TfqFile(tmp_path / "a.h5", read_only=True) as file:
        assert np.array_equal(file.array("align/crops"), crops)
    assert ((tmp_path / "a.h5").stat().st_size < crops.nbytes / 2) == kept


def _write_half(group: GroupWriter) -> None:
    group.append("time_s", TIMES * 2)
    raise ZeroDivisionError


def beside(path: Path) -> set[str]:
    return {p.name for p in path.parent.iterdir()}


def process(code: str, *args: object) -> subprocess.Popen[str]:
    """Another process; it says what it has to say on its standard output."""
    words = [sys.executable, "-c", textwrap.dedent(code), *map(str, args)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)


def test_what_is_put_is_read(tmp_path):
    path = write(tmp_path / "a.h5")
    with TfqFile(path) as file:
        assert np.array_equal(file.array("extract/time_s"), TIMES)
        assert np.array_equal(file.rows("extract/time_s", 1, 3), TIMES[1:3])
        assert file.shape("extract/time_s") == (5,)
        assert (file.names(), file.names("extract")) == (("extract",), ("time_s",))
        assert file.attrs["format"] == "tfq"
        assert file.attrs["source_name"] == "a.mp4"
        assert file.status("extract") == "ok"
    assert beside(path) == {"a.h5"}


def test_a_group_is_replaced_whole_and_the_others_stay(tmp_path):
    path = h5(tmp_path / "a.h5")
    with TfqFile(path) as file:
        others = {name: file.stamp(name) for name in file.names() if name != "sync"}
        landmarks = file.array("align/landmarks")
        created = file.attrs["created"]
        with file.replacing("sync", Stamp("sync", 2)) as group:
            group.put("offsets", np.arange(3))
        assert file.names("sync") == ("offsets",)
        assert file.stamp("sync").version == 2
        assert {name: file.stamp(name) for name in others} == others
        assert np.array_equal(file.array("align/landmarks"), landmarks)
        assert file.attrs["created"] == created


def test_rows_may_come_in_pieces(tmp_path):
    rows = np.random.default_rng(0).integers(0, 255, (37, 8, 8, 3), np.uint8)
    with TfqFile(tmp_path / "a.h5") as file:
        with file.replacing("align", STAMP) as group:
            for start in (0, 1, 5, 30):
                stop = {0: 1, 1: 5, 5: 30, 30: 37}[start]
                group.append("crops", rows[start:stop])
            group.append("blendshapes", np.zeros((0, 52)))
        assert np.array_equal(file.array("align/crops"), rows)
        assert file.shape("align/blendshapes") == (0, 52)


def test_half_precision_is_kept_where_the_schema_says_float(tmp_path):
    with TfqFile(tmp_path / "a.h5") as file:
        with file.replacing("features", STAMP) as group:
            group.put("speech/values", np.ones((3, 768), np.float16))
            group.describe("speech", {"columns": ["a"], "mean": np.float32("nan"), "count": np.int64(3)}, "no_speech")
        assert file.array("features/speech/values").dtype == np.float16
        assert file.info("features/speech") == {"columns": ["a"], "mean": None, "count": 3}
        assert file.status("features/speech") == "no_speech"
    # Read again from disk: what is written is allowed in.
    TfqFile(tmp_path / "a.h5").close()


@pytest.mark.parametrize(
    ("name", "values"),
    [("nonsense", TIMES), ("time_s", TIMES[None]), ("source/values", TIMES)],
)
def test_what_is_not_in_the_schema_is_not_written(tmp_path, name, values):
    path = write(tmp_path / "a.h5")
    with TfqFile(path) as file, pytest.raises(TfqError, match="schema"), file.replacing("extract", STAMP) as group:
        group.put(name, values)
    assert np.array_equal(read(path), TIMES)
    assert beside(path) == {"a.h5"}


def test_a_fixed_dimension_is_checked(tmp_path):
    with (
        TfqFile(tmp_path / "a.h5") as file,
        file.replacing("align", STAMP) as group,
        pytest.raises(TfqError, match="does not fit"),
    ):
        group.put("pose", np.zeros((5, 2)))


def test_stamps_tell_what_changed(tmp_path):
    path = write(tmp_path / "a.h5")
    with TfqFile(path, read_only=True) as file:
        assert file.stamp("extract") == STAMP
        assert file.stamp("extract").digest == STAMP.digest
        assert file.stamp("detect") is None
    changes = [
        Stamp("extract", 2, STAMP.parameters, STAMP.weights, STAMP.inputs),
        Stamp("extract", 1, {"size": 640}, STAMP.weights, STAMP.inputs),
        Stamp("extract", 1, STAMP.parameters, {"net": "ab"}, STAMP.inputs),
        Stamp("extract", 1, STAMP.parameters, STAMP.weights, {"source": "bc"}),
    ]
    assert len({stamp.digest for stamp in [STAMP, *changes]}) == 5


def test_a_failure_leaves_the_file_as_it_was(tmp_path):
    path = write(tmp_path / "a.h5")
    before = path.read_bytes()
    with TfqFile(path) as file:
        with pytest.raises(ZeroDivisionError), file.replacing("extract", STAMP) as group:
            _write_half(group)
        assert np.array_equal(file.array("extract/time_s"), TIMES)
    assert path.read_bytes() == before
    assert beside(path) == {"a.h5"}


def test_nothing_written_is_no_file(tmp_path):
    TfqFile(tmp_path / "a.h5").close()
    assert beside(tmp_path / "a.h5") == set()


KILLED = """
    import sys, pathlib, numpy as np
    from tfq.store import Stamp, TfqFile
    with TfqFile(pathlib.Path(sys.argv[1])) as file:
        print("ready", flush=True)
        for version in range(2, 10**6):
            with file.replacing("extract", Stamp("extract", version)) as group:
                for _ in range(20):
                    group.append("time_s", np.full(5000, float(version)))
"""


def test_a_kill_at_any_moment_leaves_a_complete_file(tmp_path):
    path = write(tmp_path / "a.h5", np.full(100_000, 1.0))
    for trial in range(5):
        writer = process(KILLED, path)
        assert writer.stdout.readline() == "ready\n"
        time.sleep(0.017 * trial)
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        values = read(path)
        assert len(values) == 100_000
        assert len(set(values)) == 1
    # The next one to hold the file clears away what the killed ones left.
    write(path)
    assert beside(path) == {"a.h5"}


HOLD = """
    import sys, pathlib
    from tfq.store import TfqFile
    with TfqFile(pathlib.Path(sys.argv[1])):
        print("held", flush=True)
        sys.stdin.readline()
"""


def test_a_second_process_is_told_that_the_file_is_in_use(tmp_path):
    path = write(tmp_path / "a.h5")
    holder = process(HOLD, path)
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(InUseError, match="another process") as told:
        TfqFile(path)
    assert told.value.exit_status == 7
    assert np.array_equal(read(path), TIMES)  # reading needs no lock
    holder.communicate("done\n")
    write(path, TIMES * 2)
    assert np.array_equal(read(path), TIMES * 2)


def test_a_killed_holder_holds_nothing(tmp_path):
    path = write(tmp_path / "a.h5")
    holder = process(HOLD, path)
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.communicate()
    assert np.array_equal(read(write(path, TIMES * 2)), TIMES * 2)


COUNT = """
    import sys, pathlib, numpy as np
    from tfq.store import Stamp, TfqFile
    for _ in range(6):
        with TfqFile(pathlib.Path(sys.argv[1]), wait=True, durable=False) as file:
            done = file.array("extract/time_s")
            with file.replacing("extract", Stamp("extract", 1)) as group:
                group.put("time_s", np.append(done, 1.0))
"""


def test_those_who_wait_lose_nothing(tmp_path):
    path = write(tmp_path / "a.h5", np.zeros(0))
    for writer in [process(COUNT, path) for _ in range(3)]:
        writer.communicate(timeout=120)
        assert writer.returncode == 0
    assert len(read(path)) == 18
    assert beside(path) == {"a.h5"}


def test_a_reader_keeps_the_version_it_opened(tmp_path):
    path = write(tmp_path / "a.h5")
    with TfqFile(path, read_only=True) as reader:
        write(path, TIMES * 2)
        assert np.array_equal(reader.array("extract/time_s"), TIMES)
        with pytest.raises(TfqError, match="opened for reading"), reader.replacing("extract", STAMP):
            pass
    assert np.array_equal(read(path), TIMES * 2)


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path):
    path = write(tmp_path / "a.h5")
    before = path.read_bytes()
    writer = process(
        """
        import resource, signal, sys, pathlib, numpy as np
        from tfq.errors import InputError
        from tfq.store import Stamp, TfqFile
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, 2**16))
        with TfqFile(pathlib.Path(sys.argv[1])) as file:
            try:
                with file.replacing("extract", Stamp("extract", 2)) as group:
                    group.put("source", np.random.default_rng(0).integers(0, 255, 2**20, np.uint8))
            except InputError as error:
                print(error)
        """,
        path,
    )
    told, _ = writer.communicate(timeout=60)
    assert "cannot be written" in told
    assert path.read_bytes() == before
    assert beside(path) == {"a.h5"}


def test_files_grow_no_larger_by_being_run_again(tmp_path):
    path = h5(tmp_path / "a.h5")
    sizes = []
    for _ in range(4):
        write(path, np.random.default_rng(0).normal(size=10_000))
        sizes.append(path.stat().st_size)
    assert len(set(sizes)) == 1


def test_names_of_any_kind(tmp_path):
    for name in ("two words.h5", "été.h5", "a[1]*.h5", os.fsdecode(b"\xff.h5")):
        assert np.array_equal(read(write(tmp_path / name)), TIMES)


def test_missing_things_are_told(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        TfqFile(tmp_path / "a.h5", read_only=True)
    with TfqFile(write(tmp_path / "a.h5")) as file:
        with pytest.raises(FormatError, match="run `tfq detect`"):
            file.array("detect/boxes")
        with pytest.raises(FormatError, match="run `tfq detect`"):
            file.info("detect")
        assert not file.has("detect/boxes")
        assert file.names("detect") == ()


def test_the_file_is_one_that_every_reader_has_filters_for(tmp_path):
    with h5py.File(h5(tmp_path / "a.h5"), "r") as file:
        used = set()
        file.visititems(lambda _, item: used.add(item.compression) if isinstance(item, h5py.Dataset) else None)
    assert used <= {None, "gzip", "lzf"}


@pytest.fixture
def attentive() -> Iterator[None]:
    """As in a terminal: what a shell puts into the background ignores Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("attentive")
@pytest.mark.parametrize("what", ["write", "truncate", "seek"])
def test_an_interrupt_while_hdf5_writes_ends_the_stage_and_leaves_the_old_file(tmp_path, monkeypatch, what):
    """HDF5 takes no exception from what it calls: it would go on as if the bytes had been written."""
    path = write(tmp_path / "a.h5")
    calls = {"all": 0, "met": 0}
    whole = getattr(Sink, what)

    def met(self, *given):
        calls["all"] += 1
        if calls["all"] == calls["met"]:
            signal.raise_signal(signal.SIGINT)
        return whole(self, *given)

    monkeypatch.setattr(Sink, what, met)
    write(tmp_path / "b.h5", TIMES * 2)
    count = calls["all"]
    assert count
    for i in range(1, count + 1):
        calls.update(all=0, met=i)
        with pytest.raises(KeyboardInterrupt):
            write(path, TIMES * 2)
        assert np.array_equal(read(path), TIMES)
        assert beside(path) == {"a.h5", "b.h5"}
