"""Files that tfq did not write, or that somebody changed: refused with a sentence, never followed, never a traceback."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from tests.builders import h5
from tfq.errors import FormatError, InputError
from tfq.store import TfqFile

T = 60


def _replace(file, name, make):
    if name in file:
        del file[name]
    make(file)


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


def group_for_dataset(file):
    file.create_group("extract/black")


FOREIGN = [
    soft, dangling, external, external_group, compound, text, objects, named_type, integers, rank, unknown, unknown_group,
    deep, loop, outside, virtual,
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


def test_damage_anywhere_is_told_or_harmless(tmp_path):
    whole = h5(tmp_path / "a.h5").read_bytes()
    generator = np.random.default_rng(0)
    told = 0
    for trial in range(60):
        content = bytearray(whole[: len(whole) if trial % 3 else int(generator.integers(1, len(whole)))])
        for place in generator.integers(0, min(len(content), 20_000), 8):
            content[place] = generator.integers(0, 256)
        path = tmp_path / f"{trial}.h5"
        path.write_bytes(content)
        try:
            with TfqFile(path, read_only=True) as file:
                for group in file.names():
                    file.stamp(group)
                    file.info(group)
                    file.status(group)
                    for name in file.names(group):
                        if file.has(f"{group}/{name}/values"):
                            file.array(f"{group}/{name}/values")
                        elif group != "features":
                            file.array(f"{group}/{name}")
        except InputError:
            told += 1
    assert told > 10
