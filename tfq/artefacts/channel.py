"""What microphones, rooms, limits and lines do to speech."""

from __future__ import annotations

import numpy as np
from scipy.signal import butter, fftconvolve, lfilter, sosfilt

from tfq import timebase
from tfq.artefacts.level import active_level, levelled
from tfq.artefacts.scene import Scene
from tfq.types import Sound

PACKET = timebase.SAMPLE_RATE // 50  # 20 ms, as in telephony
BURST = 1.8  # packets that are lost together, on average
ECHO = timebase.SAMPLE_RATE * 7 // 1000


def clipping(sound: Sound, scene: Scene, over_db: float) -> Sound:
    """Peaks cut off so many dB under the highest one; then as loud as before, as far as the full scale lets it."""
    inside = sound[scene.samples]
    peak = float(np.quantile(np.abs(inside), 0.999)) if len(inside) else 0.0
    limit = peak * 10 ** (-over_db / 20)
    cut = levelled(np.clip(sound, -limit, limit), active_level(inside))
    return cut * np.float32(min(1.0, 0.99 / max(1e-9, float(np.abs(cut).max(initial=0)))))


def band_limit(sound: Sound, scene: Scene, lowest: float, highest: float) -> Sound:
    """Butterworth band pass of sixth order, levelled."""
    sections = butter(6, [lowest, highest], "bandpass", fs=timebase.SAMPLE_RATE, output="sos")
    return levelled(sosfilt(sections, sound).astype(np.float32), active_level(sound))


def reverberation(sound: Sound, scene: Scene, fall_s: float, direct_db: float) -> Sound:
    """A synthetic room: noise that falls off by 60 dB in `fall_s`, highs faster, after the direct sound."""
    random = scene.random()
    count = int(fall_s * timebase.SAMPLE_RATE)
    time = np.arange(count) / timebase.SAMPLE_RATE
    tail = random.normal(size=count) * 10 ** (-3 * time / fall_s)
    darker = lfilter([0.35], [1, -0.65], tail)
    tail = tail * np.exp(-time / (0.2 * fall_s)) + darker
    tail[: timebase.SAMPLE_RATE // 200] = 0  # the first reflection comes 5 ms later
    tail *= 10 ** (-direct_db / 20) / np.sqrt(np.sum(tail**2))
    room = fftconvolve(sound, tail)[: len(sound)]
    return _within(levelled((sound + room).astype(np.float32), active_level(sound)))


def packet_loss(sound: Sound, scene: Scene, share: float) -> Sound:
    """20 ms packets lost in bursts (Gilbert 1960); a lost one repeats the last good one, fading out over three."""
    random = scene.random()
    start, stop, _ = scene.samples.indices(len(sound))
    count = -(-(stop - start) // PACKET)
    draws, lost = random.random(count), np.zeros(count, bool)
    for i in range(1, count):
        lost[i] = draws[i] < (1 - 1 / BURST if lost[i - 1] else share / (BURST * (1 - share)))
    if share > 0 and count > 1 and not lost.any():
        lost[random.integers(1, count)] = True
    out = sound.copy()
    run = 0
    for i in range(count):
        run = run + 1 if lost[i] else 0
        here = slice(start + i * PACKET, min(start + (i + 1) * PACKET, stop))
        if run:
            before = out[here.start - PACKET : here.start][: here.stop - here.start]
            out[here] = before * np.linspace(1, 0.5, len(before), dtype=np.float32) * (run <= 3)
    return out


def breaks(sound: Sound, scene: Scene, hole_s: float, every_s: float) -> Sound:
    """Holes in the sound, cut sharply, one somewhere in each turn of `every_s` and where it can be heard."""
    random = scene.random()
    start, stop, _ = scene.samples.indices(len(sound))
    turn, hole = round(every_s * timebase.SAMPLE_RATE), round(hole_s * timebase.SAMPLE_RATE)
    out = sound.copy()
    for begin in range(start, stop, turn):
        places = random.integers(begin, max(begin + 1, min(begin + turn, stop) - hole), 4)
        at = max(places, key=lambda place: float(np.abs(sound[place : place + hole]).sum()))
        out[at : min(at + hole, stop)] = 0
    return out


def loudness_jumps(sound: Sound, scene: Scene, down_db: float) -> Sound:
    """Pieces of half a second to a second, every other one turned down."""
    random = scene.random()
    cuts = np.cumsum(random.uniform(0.5, 1.0, len(scene.span) // 10 + 2)) * timebase.SAMPLE_RATE
    turn = np.searchsorted(cuts, np.arange(len(sound)) - scene.samples.start, side="right")
    gain = np.where(turn % 2 == 0, 10 ** (-down_db / 20), 1.0)
    soft = np.convolve(np.pad(gain, 80, mode="edge"), np.full(161, 1 / 161), "valid")
    return (sound * soft).astype(np.float32)


def ringing(sound: Sound, scene: Scene, gain: float) -> Sound:
    """A comb: each echo of 7 ms is the one before times `gain`."""
    comb = np.zeros(ECHO + 1)
    comb[0], comb[-1] = 1, -gain
    return _within(levelled(lfilter([1.0], comb, sound).astype(np.float32), active_level(sound)))


def coded(sound: Sound, scene: Scene, codec: str, bit_rate: int) -> Sound:
    """Really encoded and decoded; `tandem` goes through the narrow-band codec of mobile telephony three times."""
    if scene.code_sound is None:
        return sound
    if codec != "tandem":
        return scene.code_sound(sound, codec, bit_rate)
    for _ in range(3):
        sound = scene.code_sound(sound, "libopencore_amrnb", bit_rate)
    return sound


def _within(sound: Sound) -> Sound:
    return sound / np.float32(max(1.0, float(np.abs(sound).max(initial=0)) / 0.99))
