from __future__ import annotations

import json

import av
import numpy as np
import pytest

from tests.artefacts import faces
from tfq.errors import NoFaceError, NoSpeechError, UsageError
from tfq.media import writer
from tfq.media.facts import sha256
from tfq.media.frames import frames, timeline
from tfq.media.samples import samples
from tfq.models.runtime import Models
from tfq.stages.degrade import degrade
from tfq.stages.examples import over_time
from tfq.stages.index import sidecar
from tfq.store import Stamp, TfqFile
from tfq.types import Span

T = 50
LANDMARKS = faces.landmarks(T)


class NoModels(Models):
    """The landmarks are in the file beside the clip: nothing may be fetched or run."""

    def landmarker(self):
        raise AssertionError


@pytest.fixture(scope="module")
def sound():
    random = np.random.default_rng(0)
    envelope = np.repeat(random.uniform(0, 1, T), 640)
    return (0.2 * envelope * random.normal(size=T * 640)).astype(np.float32).clip(-1, 1)


@pytest.fixture
def clip(tmp_path, sound):
    path = tmp_path / "a clip.mp4"
    writer.write(path, faces.pictures(LANDMARKS), sound)
    return path


def beside(path, landmarks=LANDMARKS, status="ok"):
    """The `.h5` of a clip, with its landmarks."""
    root = {"source_name": path.name, "source_size": 1, "source_sha256": sha256(path), "source_path": ""}
    with TfqFile(path.with_suffix(".h5"), durable=False) as file:
        with file.replacing("extract", Stamp("extract", 1), root) as group:
            group.put("time_s", np.arange(T) / 25)
        with file.replacing("align", Stamp("align", 1)) as group:
            group.put("landmarks", landmarks)
            group.status = status


def packets(path, kind):
    with av.open(str(path)) as container:
        stream = getattr(container.streams, kind)[0]
        kept = [packet for packet in container.demux(stream) if packet.size]
        return [(bytes(packet), float(packet.pts * packet.time_base)) for packet in kept]


def heard(path):
    grid = timeline(path)
    return samples(path, len(grid), grid.start_s)[0]


def seen(path):
    return np.stack([picture for _, picture in frames(path, timeline(path).picture)])


def test_a_sound_kind_leaves_the_picture_s_packets_alone(clip, tmp_path, sound):
    out = tmp_path / "worse.mp4"
    labels = degrade(clip, out, "white_noise", 5, Span(0.8, 1.2), seed=1)
    assert packets(out, "video") == packets(clip, "video")
    noise = heard(out) - heard(clip)
    power = np.sqrt(np.square(noise).reshape(T, -1).mean(1))
    assert power[21:29].min() > 3 * max(power[:19].max(), power[31:].max())
    assert labels == tmp_path / "worse.json"


def test_a_picture_kind_leaves_the_sound_s_packets_alone(clip, tmp_path):
    out = tmp_path / "worse.mp4"
    degrade(clip, out, "picture_noise", 4, Span(0.8, 1.2))
    assert packets(out, "audio") == packets(clip, "audio")
    change = np.abs(seen(out).astype(float) - seen(clip)).mean((1, 2, 3))
    assert len(change) == T
    assert change[20:30].min() > 3 * max(change[:20].max(), change[30:].max())


def test_rewritten_sound_is_where_it_was(clip, tmp_path):
    out = tmp_path / "worse.mp4"
    degrade(clip, out, "white_noise", 1)
    before, after = heard(clip), heard(out)
    likeness = [np.dot(before[2000:-2000], np.roll(after, shift)[2000:-2000]) for shift in range(-50, 51)]
    assert np.argmax(likeness) == 50


def test_the_sidecar_says_what_was_done_and_index_reads_it(clip, tmp_path):
    out = tmp_path / "worse.mp4"
    path = degrade(clip, out, "sound_late", 4, Span(0.4, 1.2), seed=7)
    content = json.loads(path.read_text())
    assert content["kind"] == "sound_late"
    assert (content["severity"], content["seed"], content["stream"]) == (4, 7, "sound")
    assert content["spans"] == [{"start_s": 0.4, "end_s": 1.2}]
    assert content["source"] == clip.name
    assert content["source_sha256"] == sha256(clip)
    assert sidecar(out.with_suffix(".h5")) == content
    names = list(content["labels"])
    grid = over_time(content, np.array(list(content["labels"].values())), T, tuple(content["labels"]))
    assert np.all(grid[:10] == grid[49])
    assert grid[15, names.index("lip_sync")] < 3 < grid[5, names.index("lip_sync")]


def test_landmarks_come_from_the_file_beside_the_clip(clip, tmp_path):
    beside(clip)
    out = tmp_path / "worse.mp4"
    degrade(clip, out, "blur", 5, models=NoModels())
    change = np.abs(seen(out).astype(float) - seen(clip)).mean((0, 3))
    assert change[45:85, 45:85].mean() > 4 * change[:15].mean()


def test_a_file_of_another_clip_is_not_trusted(clip, tmp_path):
    other = tmp_path / "other.mp4"
    writer.write(other, faces.pictures(LANDMARKS)[:, ::-1], None)
    beside(other)
    other.with_suffix(".h5").rename(clip.with_suffix(".h5"))
    with pytest.raises(AssertionError):
        degrade(clip, tmp_path / "worse.mp4", "blur", 5, models=_Unusable())


class _Unusable(NoModels):
    """Fails when the road towards landmarks begins."""

    def sha(self, name):
        raise AssertionError


def test_the_same_seed_gives_the_same_clip(clip, tmp_path):
    first, second, other = (tmp_path / f"{name}.mp4" for name in "abc")
    for out, seed in ((first, 1), (second, 1), (other, 2)):
        degrade(clip, out, "babble", 3, seed=seed)
    assert packets(first, "audio") == packets(second, "audio") != packets(other, "audio")


def test_other_speech_comes_from_the_clip_that_is_named(clip, tmp_path):
    other = tmp_path / "other.mp4"
    tone = (0.2 * np.sin(2 * np.pi * 440 * np.arange(T * 640) / 16000)).astype(np.float32)
    writer.write(other, faces.pictures(LANDMARKS), tone)
    out = tmp_path / "worse.mp4"
    degrade(clip, out, "other_sound", 5, sound=other)
    spectrum = np.abs(np.fft.rfft(heard(out)))
    assert np.argmax(spectrum) * 16000 / (T * 640) == pytest.approx(440, abs=2)
    assert json.loads((tmp_path / "worse.json").read_text())["sound_sha256"] == sha256(other)


@pytest.mark.parametrize(
    ("kind", "severity", "span", "words"),
    [
        ("nonsense", 3, None, "no degradation is called nonsense"),
        ("hum", 6, None, "1 to 5"),
        ("other_sound", 3, None, "--sound"),
        ("hum", 3, Span(1.0, 1.0), "nothing lies between"),
        ("hum", 3, Span(5.0, 6.0), "nothing lies between"),
    ],
)
def test_what_cannot_be_done_is_refused_and_leaves_nothing(clip, tmp_path, *, kind, severity, span, words):
    before = set(tmp_path.iterdir())
    with pytest.raises(UsageError, match=words):
        degrade(clip, tmp_path / "worse.mp4", kind, severity, span)
    assert set(tmp_path.iterdir()) == before


def test_the_clip_itself_is_never_overwritten(clip):
    before = sha256(clip)
    with pytest.raises(UsageError, match="another name"):
        degrade(clip, clip, "hum", 3)
    assert sha256(clip) == before


def test_a_clip_without_what_the_kind_degrades(tmp_path):
    mute = tmp_path / "mute.mp4"
    writer.write(mute, faces.pictures(LANDMARKS), None)
    with pytest.raises(NoSpeechError):
        degrade(mute, tmp_path / "worse.mp4", "hum", 3)
    beside(mute, np.full_like(LANDMARKS, np.nan), "no_face")
    with pytest.raises(NoFaceError):
        degrade(mute, tmp_path / "worse.mp4", "blur", 3)
    assert {path.name for path in tmp_path.iterdir()} == {"mute.mp4", "mute.h5"}
