from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfq import timebase
from tfq.artefacts import KINDS, Scene, timing
from tfq.artefacts.level import active_level, mixed
from tfq.errors import UsageError
from tfq.types import Sound

T = 150
SPAN = range(30, 120)
N = timebase.samples_of(T)
SOUND_KINDS = [name for name, kind in KINDS.items() if kind.stream == "sound"]


def voice(seed: int = 0, hertz: float = 120.0, count: int = N) -> Sound:
    """Pulses with a melody through a formant, in syllables with pauses."""
    random = np.random.default_rng(seed)
    time = np.arange(count) / timebase.SAMPLE_RATE
    melody = hertz * (1 + 0.12 * np.sin(2 * np.pi * 0.7 * time + random.uniform(0, 6)))
    phase = 2 * np.pi * np.cumsum(melody) / timebase.SAMPLE_RATE
    wave = sum(np.sin(n * phase) / (1 + ((n * hertz - 600) / 300) ** 2) for n in range(1, 30))
    syllables = np.repeat(random.uniform(0, 1, count // 2400 + 1) ** 0.5, 2400)[:count]
    smooth = np.convolve(syllables * (syllables > 0.3), np.hanning(800) / 400, "same")
    return (0.25 * wave * smooth / np.abs(wave).max() + random.normal(0, 1e-4, count)).astype(np.float32)


VOICE, OTHER = voice(), voice(1, 210.0, N // 2)


def through(sound: Sound, codec: str, bit_rate: int) -> Sound:
    """Stands for a codec: steps as coarse as the rate is low."""
    step = 2000 / bit_rate * 0.05
    return (np.round(sound / step) * step).astype(np.float32)


def scene(**changes) -> Scene:
    return Scene(**{"span": SPAN, "frames": T, "seed": 2, "other": OTHER, "code_sound": through, **changes})


def degraded(name: str, severity: int, **changes) -> Sound:
    return KINDS[name].sound(VOICE, severity, scene(**changes))


def inside(sound: Sound) -> Sound:
    return sound[scene().samples]


def distance_db(sound: Sound) -> float:
    """Mean distance of log spectra, in dB."""

    def log(wave):
        frames = np.lib.stride_tricks.sliding_window_view(inside(wave), 512)[::256]
        return 20 * np.log10(np.abs(np.fft.rfft(frames * np.hanning(512))) + 1e-3)

    return float(np.abs(log(sound) - log(VOICE)).mean())


def rises(values: list[float]) -> bool:
    return all(after > before for before, after in pairwise(values))


@pytest.mark.parametrize("name", SOUND_KINDS)
@pytest.mark.parametrize("severity", [1, 5])
def test_sound_outside_the_span_is_bit_for_bit_the_same(name, severity):
    before = VOICE.copy()
    out = degraded(name, severity)
    samples = scene().samples
    assert out.dtype == np.float32
    assert out.shape == VOICE.shape
    assert np.array_equal(out[: samples.start], VOICE[: samples.start])
    assert np.array_equal(out[samples.stop :], VOICE[samples.stop :])
    assert not np.array_equal(out, VOICE)
    assert np.isfinite(out).all()
    assert np.abs(out).max() <= 1
    assert np.array_equal(VOICE, before)


@pytest.mark.parametrize("name", SOUND_KINDS)
def test_the_same_seed_gives_the_same_sound(name):
    assert np.array_equal(degraded(name, 3), degraded(name, 3))


@pytest.mark.parametrize("name", SOUND_KINDS)
def test_silence_and_short_sound_are_no_trouble(name):
    for frames in (1, 4):
        quiet = np.zeros(timebase.samples_of(frames), np.float32)
        out = KINDS[name].sound(quiet, 5, scene(span=range(frames), frames=frames))
        assert out.shape == quiet.shape
        assert np.isfinite(out).all()


@pytest.mark.parametrize("name", ["white_noise", "babble", "hum", "music"])
def test_noise_is_as_loud_as_its_ratio_says(name):
    ratios = []
    for severity in range(1, 6):
        out = inside(degraded(name, severity, span=range(T)))
        gain = float(out @ inside(VOICE) / (inside(VOICE) @ inside(VOICE)))
        noise = out / gain - inside(VOICE)
        ratios.append(20 * np.log10(active_level(VOICE) / np.sqrt(np.mean(noise**2))))
    assert rises([-ratio for ratio in ratios])
    assert ratios == pytest.approx([step[0] for step in KINDS[name].steps], abs=1.5)


FARTHER = (
    "clipping", "band_limit", "reverberation", "robot", "other_voice", "ringing", "loudness_jumps", "packet_loss",
)  # fmt: skip


@pytest.mark.parametrize("name", FARTHER)
def test_each_severity_takes_the_sound_farther_away(name):
    distances = [distance_db(degraded(name, severity)) for severity in range(1, 6)]
    assert distances[0] > 0.05
    assert rises(distances), distances


@given(seed=st.integers(0, 1000), severity=st.integers(1, 5))
@settings(max_examples=20, deadline=None)
def test_a_steady_offset_is_exact_to_the_sample(seed, severity):
    late = KINDS["sound_late"].sound(VOICE, severity, scene(seed=seed))
    early = KINDS["sound_early"].sound(VOICE, severity, scene(seed=seed))
    samples = slice(scene().samples.start + 400, scene().samples.stop - 400)
    for out, sign, name in ((late, 1, "sound_late"), (early, -1, "sound_early")):
        shift = sign * round(float(KINDS[name].steps[severity - 1][0]) * timebase.SAMPLE_RATE)
        assert np.array_equal(out[samples], np.roll(VOICE, shift)[samples])


def test_drift_and_wandering_arrive_where_they_should():
    noise = np.random.default_rng(0).normal(0, 0.1, N).astype(np.float32)
    for name in ("drift", "wandering"):
        out = KINDS[name].sound(noise, 3, scene())
        expected = timing.lateness_s(name, float(KINDS[name].steps[2][0]), scene())
        for frame in (20, 45, 70):
            at = timebase.samples_of(SPAN.start + frame)
            piece = out[at : at + 640]
            around = noise[at - 8000 : at + 8640]
            lag = 8000 - int(np.argmax(np.correlate(around, piece, "valid")))
            assert lag / timebase.SAMPLE_RATE == pytest.approx(expected[frame], abs=0.025)


def test_jumps_go_both_ways():
    offsets = timing.lateness_s("jumping_offset", 0.2, scene(span=range(T)))
    assert set(np.round(offsets, 3)) == {-0.2, 0.2}
    assert 3 <= np.count_nonzero(np.diff(offsets)) <= 9


def test_a_faster_voice_keeps_its_pitch_and_ends_early():
    out = inside(degraded("fast_voice", 5))
    free = int(len(out) / 1.5) + 800
    assert active_level(out[free:]) < 1e-6
    assert _hertz(out[: free - 1600]) == pytest.approx(_hertz(inside(VOICE)), rel=0.06)


def test_another_throat_moves_the_pitch_to_the_other_side():
    deep, high = voice(4, 110.0), voice(5, 230.0)
    raised = KINDS["other_voice"].sound(deep, 4, scene(span=range(T)))
    lowered = KINDS["other_voice"].sound(high, 4, scene(span=range(T)))
    assert _hertz(raised) == pytest.approx(1.7 * _hertz(deep), rel=0.1)
    assert _hertz(lowered) == pytest.approx(_hertz(high) / 1.7, rel=0.1)


def test_a_flat_voice_has_less_melody_the_flatter_it_is():
    import parselmouth

    def spread(sound):
        pitch = parselmouth.Sound(inside(sound).astype(float), 16000).to_pitch(None, 75, 400)
        hertz = pitch.selected_array["frequency"]
        return np.log2(hertz[hertz > 0]).std()

    assert rises([-spread(VOICE)] + [-spread(degraded("flat_voice", severity)) for severity in (1, 3, 5)])


def test_mutes_and_other_speech_take_more_of_the_span():
    for name in ("muted", "other_sound"):
        shares = [timing.foreign(name, float(step[0]), scene()).sum() for step in KINDS[name].steps]
        assert rises(shares), shares
        assert shares[-1] == len(SPAN)
    assert not np.any(inside(degraded("muted", 5))[400:-400])


def test_other_sound_is_the_other_sound_and_as_loud():
    out = inside(degraded("other_sound", 5))
    assert active_level(out) == pytest.approx(active_level(inside(VOICE)), rel=0.3)
    assert np.corrcoef(out[400 : len(OTHER) - 400], OTHER[400 : len(out) - 400][: len(OTHER) - 800])[0, 1] > 0.99
    with pytest.raises(UsageError, match="another clip"):
        degraded("other_sound", 3, other=None)


def test_shuffling_keeps_every_sample():
    out = KINDS["shuffled_sound"].sound(VOICE, 4, scene(span=range(T)))
    assert np.array_equal(np.sort(out), np.sort(VOICE))
    assert not np.array_equal(out, VOICE)


def test_packets_are_lost_at_about_the_share_that_is_meant():
    noise = np.random.default_rng(0).normal(0, 0.1, N * 4).astype(np.float32)
    for severity, step in enumerate(KINDS["packet_loss"].steps, 1):
        out = KINDS["packet_loss"].sound(noise, severity, scene(span=range(4 * T), frames=4 * T))
        lost = (out != noise).reshape(-1, 320).any(1).mean()
        assert lost == pytest.approx(float(step[0]), rel=0.5)


def test_mixing_never_clips():
    assert np.abs(mixed(VOICE * 3, np.ones(N, np.float32), -20)).max() < 1


def _hertz(sound: Sound) -> float:
    import parselmouth

    pitch = parselmouth.Sound(sound.astype(float), 16000).to_pitch(None, 75, 600).selected_array["frequency"]
    return float(np.median(pitch[pitch > 0]))
