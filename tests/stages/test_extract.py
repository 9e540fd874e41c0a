import hashlib
import json
import os

import numpy as np
import pytest

from tests.make import Beeps, beep_times, clip, damaged, number, onsets
from tfq.config import ExtractConfig, Settings
from tfq.errors import InputError, UsageError
from tfq.media import writer
from tfq.media.frames import frames
from tfq.models.runtime import Models
from tfq.stages import extract, pipeline
from tfq.stages.source import open_source
from tfq.store import Stamp, TfqFile

STAMP = Stamp("extract", extract.VERSION)
EMBED, LINK = ExtractConfig(), ExtractConfig(source="link")


@pytest.fixture(scope="module")
def models() -> Models:
    return Models(threads=1, offline=True)


def made(path, source, models, config=EMBED) -> TfqFile:
    """The open file of a clip."""
    file = TfqFile(path, durable=False)
    extract.run(file, config, models, STAMP, source)
    return file


def test_what_a_clip_becomes(tmp_path, models, plain):
    with made(tmp_path / "a.h5", plain, models) as file:
        assert np.allclose(file.array("extract/time_s"), np.arange(50) / 25)
        assert np.allclose(file.array("extract/source_time_s"), np.arange(50) / 25)
        assert file.array("extract/valid").all()
        for mask in ("broken", "black", "repeated"):
            assert not file.array(f"extract/{mask}").any()
        assert onsets(file.array("extract/audio")) == pytest.approx(beep_times(2)[1:], abs=0.006)
        assert len(file.array("extract/audio")) == 50 * 640
        info = file.info("extract")
        assert (info["fps"], info["frames"], info["duration_s"], info["width"], info["height"]) == (25, 50, 2, 128, 96)
        assert (info["has_audio"], info["audio_start_s"], info["audio_hz"]) == (True, 0, 44_100)
        assert file.attrs["source_name"] == "plain.mp4"
        assert file.attrs["source_size"] == plain.stat().st_size
        assert file.attrs["source_sha256"] == hashlib.sha256(plain.read_bytes()).hexdigest()


def test_the_source_travels_inside(tmp_path, models, plain):
    with made(tmp_path / "a.h5", plain, models) as file:
        assert file.array("extract/source").tobytes() == plain.read_bytes()
        assert file.attrs["source_path"] == ""
        shown = [number(pixels) for _, pixels in frames(open_source(file), file.array("extract/picture"))]
        assert shown == list(range(50))


def test_a_file_makes_itself_again(tmp_path, models, plain):
    with made(tmp_path / "a.h5", plain, models) as file:
        before = {name: file.array(f"extract/{name}") for name in file.names("extract")}
        attributes = file.attrs
        extract.run(file, EMBED, models, Stamp("extract", 99), None)
        assert {name: file.attrs[name] for name in attributes if name.startswith("source")} == {
            name: value for name, value in attributes.items() if name.startswith("source")
        }
        assert file.stamp("extract").version == 99
        for name, values in before.items():
            assert np.array_equal(values, file.array(f"extract/{name}")), name


def test_masks_tell_black_and_broken_frames(tmp_path, models):
    path = damaged(clip(tmp_path / "a.mp4", black=range(43, 46)), [10])
    with made(tmp_path / "a.h5", path, models) as file:
        assert np.flatnonzero(file.array("extract/black")).tolist() == [43, 44, 45]
        broken = np.flatnonzero(file.array("extract/broken"))
        assert broken.tolist() == list(range(10, 20))
        assert np.array_equal(
            file.array("extract/valid"), ~(file.array("extract/black") | file.array("extract/broken"))
        )
        info = file.info("extract")
        assert (info["black_ratio"], info["broken_ratio"]) == pytest.approx((3 / 50, 10 / 50))
        assert info["frames"] == 50


def test_no_sound_is_absent_not_silent(tmp_path, models):
    path = clip(tmp_path / "a.mp4", duration_s=0.4)
    with made(tmp_path / "a.h5", path, models) as file:
        assert file.shape("extract/audio") == (0,)
        info = file.info("extract")
        assert info["has_audio"] is False
        assert info["audio_start_s"] is None


def test_streams_that_start_apart_meet_on_the_grid(tmp_path, models):
    path = clip(tmp_path / "a.mp4", rotation=90, fps=30, start_s=0.2, sound=Beeps(start_s=0.3))
    with made(tmp_path / "a.h5", path, models) as file:
        times = onsets(file.array("extract/audio")) + 0.2
        assert times == pytest.approx([0.5, 1.0, 1.5, 2.0], abs=0.006)
        info = file.info("extract")
        assert info["audio_start_s"] == pytest.approx(0.1, abs=0.03)
        assert (info["width"], info["height"], info["fps"]) == (128, 96, 30)
        assert abs(info["rotation"]) == 90


def test_a_link_is_followed_while_it_is_the_same(tmp_path, models, plain):
    video = tmp_path / "clips" / "a.mp4"
    video.parent.mkdir()
    video.write_bytes(plain.read_bytes())
    with made(tmp_path / "a.h5", video, models, LINK) as file:
        assert not file.has("extract/source")
        assert file.attrs["source_path"] == "clips/a.mp4"
        assert open_source(file).samefile(video)
        extract.run(file, LINK, models, STAMP, None)
        assert open_source(file).samefile(video)
        video.write_bytes(plain.read_bytes() + b"x")
        with pytest.raises(InputError, match="has changed"):
            open_source(file)
        video.unlink()
        with pytest.raises(InputError, match="is not there"):
            open_source(file)


def test_a_link_can_be_taken_in_but_not_the_other_way(tmp_path, models, plain):
    with made(tmp_path / "a.h5", plain, models, LINK) as file:
        extract.run(file, EMBED, models, STAMP, None)
        assert file.array("extract/source").tobytes() == plain.read_bytes()
        # The bytes inside may be the only copy.
        with pytest.raises(UsageError, match="only inside"):
            extract.run(file, LINK, models, STAMP, None)
        assert file.has("extract/source")


def test_a_video_that_cannot_be_read_leaves_the_file_as_it_was(tmp_path, models, plain):
    (tmp_path / "b.mp4").write_bytes(b"not a video" * 100)
    made(tmp_path / "a.h5", plain, models).close()
    before = (tmp_path / "a.h5").read_bytes()
    with TfqFile(tmp_path / "a.h5") as file, pytest.raises(InputError, match=r"b\.mp4"):
        extract.run(file, EMBED, models, STAMP, tmp_path / "b.mp4")
    assert (tmp_path / "a.h5").read_bytes() == before
    with pytest.raises(InputError), TfqFile(tmp_path / "c.h5") as file:
        extract.run(file, EMBED, models, STAMP, tmp_path / "b.mp4")
    assert not (tmp_path / "c.h5").exists()


def test_an_unknown_way_to_keep_the_source(tmp_path, models, plain):
    with pytest.raises(UsageError, match="choose embed or link"):
        made(tmp_path / "a.h5", plain, models, ExtractConfig(source="throw away"))


def test_a_name_that_is_no_text(tmp_path, models, plain):
    video = tmp_path / os.fsdecode(b"a\xff.mp4")
    video.write_bytes(plain.read_bytes())
    with made(tmp_path / "a.h5", video, models) as file:
        assert json.dumps(file.attrs["source_name"])


def test_the_road_runs_it_once(tmp_path, models, plain):
    ran: list[str] = []
    for _ in range(2):
        with TfqFile(tmp_path / "a.h5", durable=False) as file:
            pipeline.walk(file, "extract", Settings(), models, source=plain, progress=ran.append)
    assert ran == ["extract"]


def test_pictures_that_never_came_are_counted_as_gaps(tmp_path, models):
    pictures = np.random.default_rng(1).integers(0, 255, (50, 48, 64, 3), np.uint8)
    held = [pictures[i if not 20 <= i < 28 else 19] for i in range(50)]
    whole, stalled = tmp_path / "whole.mp4", tmp_path / "stalled.mp4"
    writer.write(whole, pictures, None)
    writer.with_pictures(whole, stalled, _same(held), 0.0)
    found = []
    for made in (whole, stalled):
        with TfqFile(made.with_suffix(".h5"), durable=False) as file:
            extract.run(file, ExtractConfig(), models, STAMP, made)
            found.append(file.info("extract"))
            repeated = file.array("extract/repeated")
    assert (found[0]["gaps"], found[0]["longest_gap_s"]) == (0, 0.0)
    assert (found[1]["gaps"], found[1]["longest_gap_s"]) == (1, pytest.approx(0.36, abs=1e-3))
    assert np.flatnonzero(repeated).tolist() == list(range(20, 28))


def _same(pictures):
    """The very same array for pictures that are the same, as a degradation hands them on."""
    last = None
    for picture in pictures:
        last = picture if last is None or not np.array_equal(picture, last) else last
        yield last
