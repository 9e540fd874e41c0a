"""Files that tfq did not write, or that somebody changed: refused with a sentence, never followed, never a traceback."""

from __future__ import annotations

import contextlib
import os
import signal

import h5py
import numpy as np
import pytest

from tests.builders import h5
from tfq.errors import FormatError, InputError, TfqError
from tfq.store import TfqFile, guard, opening

T = 60


def soft(file):
    file["extract/black"] = h5py.SoftLink("/extract/valid")


def dangling(file):
    file["extract/black"] = h5py.SoftLink("/nowhere")


def external(file):
    file["extract/black"] = h5py.ExternalLink("/etc/passwd", "/x")


def external_group(file):
    file["score"] = h5py.ExternalLink("other.h5", "/score")


def compound(file):
    file["extract/black"] = np.zeros(T, [("a", "f4"), ("b", "i4")])


def text(file):
    file["extract/black"] = np.array(["a", "b"], h5py.string_dtype())


def objects(file):
    file["extract/black"] = np.array([file.ref] * 2, h5py.ref_dtype)


def named_type(file):
    file["extract/black"] = np.dtype("f8")


def integers(file):
    file["extract/black"] = np.zeros(T, "i8")


def rank(file):
    file["extract/black"] = np.zeros((T, 1), bool)


def unknown(file):
    file["extract/surprise"] = np.zeros(T)


def unknown_group(file):
    file["surprise/values"] = np.zeros(T)


def deep(file):
    file.create_group("features/a/b/c/d/e/f")


def loop(file):
    file["features/round"] = file["features"]


def outside(file):
    file["extract"].create_dataset("black", T, bool, external=[("numbers.bin", 0, T)])


def virtual(file):
    layout = h5py.VirtualLayout(T, "?")
    layout[:] = h5py.VirtualSource("other.h5", "x", T)
    file["extract"].create_virtual_dataset("black", layout)


def empty_giant(file):
    file["extract"].create_dataset("black", (2**40,), bool, chunks=(2**20,))


def group_for_dataset(file):
    file.create_group("extract/black")


def attribute(file):
    file["sync"].attrs["more"] = "x"


def long_attribute(file):
    file["sync"].attrs["info"] = "x" * 2**23


def attribute_of_numbers(file):
    file["sync"].attrs["bomb"] = np.zeros(8000)


def attribute_of_a_dataset(file):
    file["extract/valid"].attrs["info"] = "{}"


def dense_attributes(file):
    for number in range(5000):
        file["sync"].attrs[f"a{number}"] = "x" * 1000


def filter_bomb(file):
    file["extract"].create_dataset("black", (2**33,), bool, chunks=(2**20,), compression="gzip")
    file["extract/black"][: 2**21] = True


def unknown_filter(file):
    made = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    made.set_chunk((T,))
    made.set_filter(32_000 + 15, h5py.h5z.FLAG_OPTIONAL)  # Zstandard, which would be loaded from a plugin folder
    h5py.h5d.create(
        file["extract"].id, b"black", h5py.h5t.py_create(np.dtype(bool)), h5py.h5s.create_simple((T,)), made
    )


def contiguous(file):
    file["extract"].create_dataset("black", data=np.zeros(T, bool))


def rows_that_were_never_written(file):
    file["extract"].create_dataset("black", (T,), bool, maxshape=(None,), chunks=(T,), fletcher32=True)


def a_chunk_without_its_checksum(file):
    rows_that_were_never_written(file)
    file["extract/black"].id.write_direct_chunk((0,), bytes(T), filter_mask=1)


def endless_rows(file):
    file["extract"].create_dataset("black", (0,), bool, maxshape=(None,), chunks=(1,))
    file["extract/black"].resize((2**62,))


FOREIGN = [
    soft, dangling, external, external_group, compound, text, objects, named_type, integers, rank, unknown, unknown_group,
    deep, loop, outside, virtual, empty_giant, attribute, long_attribute, attribute_of_numbers, attribute_of_a_dataset,
    dense_attributes, filter_bomb, unknown_filter, contiguous, rows_that_were_never_written, a_chunk_without_its_checksum,
    endless_rows,
]  # fmt: skip


@pytest.mark.parametrize("change", FOREIGN, ids=lambda change: change.__name__)
def test_foreign_content_is_refused(tmp_path, change):
    path = h5(tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        change(file)
    with pytest.raises(FormatError, match=r"a\.h5") as told:
        TfqFile(path, read_only=True)
    assert "\n" not in str(told.value)
    assert told.value.exit_status == 3


def test_a_group_where_a_dataset_belongs_is_not_read_as_one(tmp_path):
    path = h5(tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        group_for_dataset(file)
    with pytest.raises(FormatError), TfqFile(path, read_only=True) as file:
        file.array("extract/black")


def test_other_hdf5_files_and_other_versions(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(FormatError, match="not one of tfq's"):
        TfqFile(tmp_path / "a.h5", read_only=True)
    path = h5(tmp_path / "b.h5")
    for version, told in ((99, "newer than this tfq"), (0, "ever wrote"), (-5, "ever wrote"), ("x", "damaged")):
        with h5py.File(path, "r+") as file:
            file.attrs["format_version"] = version
        with pytest.raises(FormatError, match=told):
            TfqFile(path, read_only=True)


@pytest.mark.parametrize("value", [np.zeros(3), h5py.Empty("f4"), b"\xff", np.array(["a"], h5py.string_dtype())])
def test_a_format_attribute_of_another_kind(tmp_path, value):
    path = h5(tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        file.attrs["format"] = value
    with pytest.raises(FormatError):
        TfqFile(path, read_only=True)


def test_damaged_stamps_and_attributes_are_told(tmp_path):
    path = h5(tmp_path / "a.h5")
    for value in ("{", "[1]", "null", b"\xff", np.zeros(3)):
        with h5py.File(path, "r+") as file:
            file["sync"].attrs["stamp"] = value
            file["sync"].attrs["info"] = value
        with TfqFile(path, read_only=True) as file:
            with pytest.raises(FormatError, match="stamp of sync is damaged"):
                file.stamp("sync")
            with pytest.raises(FormatError, match="attributes of sync are damaged"):
                file.info("sync")


def test_what_is_no_hdf5_file(tmp_path):
    (tmp_path / "a.h5").write_bytes(b"nothing of the kind" * 50)
    (tmp_path / "b.h5").write_bytes(b"")
    (tmp_path / "c.h5").mkdir()
    for name in ("a.h5", "b.h5", "c.h5"):
        with pytest.raises(InputError, match=name):
            TfqFile(tmp_path / name, read_only=True)
        with pytest.raises(InputError, match=name):
            TfqFile(tmp_path / name)
    assert {path.name for path in tmp_path.iterdir()} == {"a.h5", "b.h5", "c.h5"}


def test_a_file_cut_short_is_told(tmp_path):
    whole = h5(tmp_path / "a.h5").read_bytes()
    for length in np.random.default_rng(0).integers(1, len(whole), 20):
        (tmp_path / "b.h5").write_bytes(whole[:length])
        with pytest.raises(FormatError, match="damaged"):
            TfqFile(tmp_path / "b.h5", read_only=True)


def test_a_damaged_chunk_is_told_when_it_is_read(tmp_path):
    path = h5(tmp_path / "a.h5")
    with h5py.File(path, "r") as file:
        chunk = file["align/landmarks"].id.get_chunk_info(0)
    content = bytearray(path.read_bytes())
    content[chunk.byte_offset : chunk.byte_offset + chunk.size] = bytes(chunk.size)
    path.write_bytes(content)
    with TfqFile(path, read_only=True) as file:
        assert len(file.array("extract/valid")) == T
        with pytest.raises(FormatError, match="align/landmarks is damaged"):
            file.array("align/landmarks")


@pytest.mark.parametrize("how", [signal.SIGSEGV, signal.SIGALRM])
def test_a_file_over_which_hdf5_dies_or_hangs_is_told(tmp_path, monkeypatch, how):
    path = h5(tmp_path / "a.h5")
    opener, here = opening.open_checked, os.getpid()
    monkeypatch.setattr(
        opening, "open_checked", lambda path: opener(path) if os.getpid() == here else os.kill(os.getpid(), how)
    )
    with pytest.raises(FormatError, match="so damaged that HDF5"):
        TfqFile(path, read_only=True)


def test_a_look_that_never_ends_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(guard, "SECONDS", 0.2)
    with pytest.raises(FormatError, match="so damaged that HDF5"):
        guard.survive(lambda _: signal.pause(), tmp_path)


def test_changed_scalars_are_told(tmp_path):
    path = h5(tmp_path / "a.h5", shift=3)
    with h5py.File(path, "r+") as file:
        file["sync"].attrs["info"] = file["sync"].attrs["info"].replace("120", "-120")
    with TfqFile(path, read_only=True) as file:
        assert file.info("align")
        with pytest.raises(FormatError, match="attributes of sync are damaged"):
            file.info("sync")


def test_a_flipped_bit_is_told_in_every_dataset(tmp_path):
    path = h5(tmp_path / "a.h5")
    whole = path.read_bytes()
    with h5py.File(path, "r") as file:
        names = []
        file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) and item.size else None)
        chunks = {name: file[name].id.get_chunk_info(0) for name in names}
    for name, chunk in chunks.items():
        damaged = bytearray(whole)
        damaged[chunk.byte_offset + chunk.size // 2] ^= 4
        path.write_bytes(damaged)
        with TfqFile(path, read_only=True) as file, pytest.raises(FormatError, match=name):
            file.array(name)


def test_an_index_of_chunks_that_is_damaged_is_told(tmp_path):
    """HDF5 keeps it without a checksum, and would read zeros where rows are said to lie elsewhere."""
    path = h5(tmp_path / "a.h5")
    whole = path.read_bytes()
    with h5py.File(path, "r") as file:
        found = file["align/landmarks"].id.get_chunk_info(0)
    key = whole.index(b"TREE", whole.rindex(b"TREE", 0, found.byte_offset))
    place = whole.index(
        found.size.to_bytes(4, "little"), key
    )  # size, filter mask, then the first row, in a key of the tree
    for offset, value in ((4, 7), (8, 20), (4, 4)):
        damaged = bytearray(whole)
        damaged[place + offset] = value
        path.write_bytes(damaged)
        with pytest.raises(FormatError), TfqFile(path, read_only=True) as file:
            file.array("align/landmarks")


def test_a_group_inside_itself_is_refused(tmp_path):
    path = h5(tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        file["features/lips/again"] = file["features"]
    with pytest.raises(FormatError, match="nested deeper"):
        TfqFile(path, read_only=True)


def test_any_flipped_bytes_are_told_or_harmless(tmp_path):
    path = h5(tmp_path / "a.h5", frames=10)
    content, generator = path.read_bytes(), np.random.default_rng(0)
    for _ in range(12):
        damaged = bytearray(content)
        for place in generator.integers(0, len(damaged), 8):
            damaged[place] = generator.integers(0, 256)
        path.write_bytes(damaged)
        with contextlib.suppress(FormatError), TfqFile(path, read_only=True) as file:
            for name in file.names():
                file.stamp(name), file.info(name), file.status(name)
            for name in ("extract/audio", "align/landmarks", "sync/distance", "features/lips/values"):
                file.array(name)


def test_of_many_files_the_one_that_kills_its_reader_is_alone_in_failing(tmp_path):
    def read(path):
        if path.name == "2":
            os.kill(os.getpid(), signal.SIGSEGV)
        return {"name": path.name}, b"x" * 100_000

    answers = list(guard.each(read, [tmp_path / str(i) for i in range(5)], children=2))
    assert [i for i, answer in enumerate(answers) if isinstance(answer, FormatError)] == [2]
    assert [answer[0]["name"] for i, answer in enumerate(answers) if i != 2] == ["0", "1", "3", "4"]
    assert all(answer[1] == b"x" * 100_000 for i, answer in enumerate(answers) if i != 2)


def test_what_a_reader_should_have_caught_is_not_taken_for_damage(tmp_path):
    with pytest.raises(TfqError, match="ZeroDivisionError"):
        list(guard.each(lambda _: (1 // 0, b""), [tmp_path / "a"]))
