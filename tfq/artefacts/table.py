"""The table of degradations: what each touches, and what its five severities mean in numbers."""

from __future__ import annotations

from collections.abc import Mapping

from tfq.artefacts.kinds import Kind, Step


def _ladder(*values: float) -> tuple[Step, Step, Step, Step, Step]:
    first, second, third, fourth, fifth = values
    return (first,), (second,), (third,), (fourth,), (fifth,)


# fmt: off
_TABLE = (
    # Sound against picture.
    Kind("sound_early", "Sound before its picture.", "sound", {"lip_sync": 1.0, "consistency": 0.4}, "s early",
         _ladder(0.06, 0.1, 0.2, 0.34, 0.5), "timing.early"),
    Kind("sound_late", "Sound after its picture.", "sound", {"lip_sync": 1.0, "consistency": 0.4}, "s late",
         _ladder(0.14, 0.2, 0.3, 0.4, 0.5), "timing.late"),
    Kind("jumping_offset", "Sound early and late in turns, about a second each.", "sound",
         {"lip_sync": 1.0, "consistency": 0.4}, "s either way", _ladder(0.08, 0.14, 0.24, 0.36, 0.5), "timing.jumping"),
    Kind("drift", "Sound that gets ahead of its picture from the start of the span to its end.", "sound",
         {"lip_sync": 1.0, "consistency": 0.4}, "s early at the end", _ladder(0.12, 0.24, 0.4, 0.7, 1.2),
         "timing.drifting"),
    Kind("wandering", "Sound that swings slowly around its picture, as a mouth warped in time does.", "sound",
         {"lip_sync": 1.0, "consistency": 0.4}, "s either way", _ladder(0.1, 0.18, 0.28, 0.42, 0.6),
         "timing.wandering"),
    Kind("shuffled_sound", "The sound cut into pieces and shuffled.", "sound", {"lip_sync": 1.0, "consistency": 0.9},
         "s a piece", _ladder(4.0, 2.0, 1.0, 0.5, 0.3), "timing.shuffled"),
    Kind("other_sound", "Speech of another clip in part of the span.", "sound", {"lip_sync": 1.0, "consistency": 1.0},
         "share of the span", _ladder(0.12, 0.28, 0.5, 0.75, 1.0), "timing.replaced", ("other",)),
    # The mouth in the picture.
    Kind("frozen_mouth", "The mouth held still for a while at a time.", "picture",
         {"lip_sync": 1.0, "expression": 0.35, "consistency": 0.5, "visual_quality": 0.15}, "s held",
         _ladder(0.12, 0.24, 0.48, 1.2, 1e6), "face.frozen_mouth", ("landmarks",)),
    Kind("under_articulation", "Lips that do not open as far as they should.", "picture",
         {"lip_sync": 1.0, "expression": 0.4, "consistency": 0.5}, "share of the opening taken away",
         _ladder(0.25, 0.45, 0.65, 0.85, 1.0), "shape.mumbling", ("landmarks",)),
    Kind("over_articulation", "Lips that open farther than they should.", "picture",
         {"lip_sync": 1.0, "expression": 0.6, "visual_quality": 0.3}, "share of the opening added",
         _ladder(0.25, 0.5, 0.85, 1.25, 1.75), "shape.exaggerating_mouth", ("landmarks",)),
    # The face.
    Kind("frozen_face", "Brows and eyes held still for a while at a time.", "picture",
         {"expression": 1.0, "consistency": 0.2}, "s held", _ladder(0.2, 0.4, 0.8, 2.0, 1e6), "face.frozen_upper_face",
         ("landmarks",)),
    Kind("no_blinks", "Blinks taken out of the eyes.", "picture", {"expression": 0.3}, "share of each blink",
         _ladder(0.2, 0.4, 0.6, 0.8, 1.0), "face.no_blinks", ("landmarks",)),
    Kind("stiff", "The face's movement damped, head pose apart.", "picture",
         {"expression": 1.0, "lip_sync": 0.6, "consistency": 0.5}, "share of the movement taken away",
         _ladder(0.25, 0.45, 0.65, 0.85, 1.0), "shape.damped", ("landmarks",)),
    Kind("exaggeration", "The face's movement made larger, head pose apart.", "picture",
         {"expression": 1.0, "lip_sync": 0.3, "visual_quality": 0.3}, "share of the movement added",
         _ladder(0.25, 0.5, 0.85, 1.3, 1.9), "shape.exaggerated", ("landmarks",)),
    Kind("asymmetry", "One half of the face hangs and moves late.", "picture",
         {"expression": 1.0, "visual_quality": 0.3}, "face sizes it hangs", _ladder(0.012, 0.025, 0.042, 0.065, 0.095),
         "shape.lopsided", ("landmarks",)),
    Kind("jitter", "The face trembles from frame to frame.", "picture", {"expression": 1.0, "visual_quality": 0.6},
         "face sizes, standard deviation", _ladder(0.003, 0.006, 0.011, 0.02, 0.035), "shape.trembling",
         ("landmarks",)),
    Kind("repeated_frames", "Every picture shown for several frames.", "picture",
         {"expression": 1.0, "visual_quality": 0.8, "lip_sync": 0.6}, "frames held", _ladder(2, 3, 5, 8, 14),
         "face.repeated"),
    # How the picture is rendered.
    Kind("blur", "The face out of focus.", "picture", {"visual_quality": 1.0, "expression": 0.15},
         "face sizes, standard deviation", _ladder(0.005, 0.009, 0.015, 0.024, 0.038), "rendering.blur",
         ("landmarks",)),
    Kind("mouth_patch", "The lower face at low resolution, with a border that shows.", "picture",
         {"visual_quality": 1.0, "expression": 0.2, "lip_sync": 0.15},
         "pixels across the patch, grey levels at its border",
         ((72.0, 1.5), (48.0, 3.0), (34.0, 6.0), (24.0, 10.0), (15.0, 15.0)), "rendering.mouth_patch", ("landmarks",)),
    Kind("skin_smoothing", "Skin without texture.", "picture", {"visual_quality": 0.7, "expression": 0.2},
         "grey levels that are smoothed over", _ladder(12, 22, 36, 60, 100), "rendering.smoothing", ("landmarks",)),
    Kind("colour_shift", "The lower face in another colour.", "picture", {"visual_quality": 1.0}, "grey levels",
         _ladder(2.5, 5, 9, 15, 25), "rendering.colour_shift", ("landmarks",)),
    Kind("flicker", "The face's brightness changes from frame to frame.", "picture",
         {"visual_quality": 1.0, "expression": 0.2}, "share of the brightness, standard deviation",
         _ladder(0.012, 0.025, 0.05, 0.09, 0.16), "rendering.flicker", ("landmarks",)),
    Kind("wobble", "Edges of the face and the background swim.", "picture", {"visual_quality": 1.0, "expression": 0.2},
         "face sizes, standard deviation", _ladder(0.004, 0.008, 0.015, 0.027, 0.048), "shape.wobbling",
         ("landmarks",)),
    Kind("picture_noise", "Grain over the whole picture.", "picture", {"visual_quality": 1.0},
         "grey levels, standard deviation", _ladder(3, 6, 11, 20, 34), "rendering.grain"),
    Kind("blocking", "Squares that lose their detail.", "picture", {"visual_quality": 1.0, "expression": 0.15},
         "share of the detail lost", _ladder(0.2, 0.35, 0.55, 0.75, 0.95), "rendering.blocking"),
    Kind("over_compression", "The picture encoded by H.264 at a coarse quantiser.", "picture",
         {"visual_quality": 1.0, "expression": 0.25}, "quantiser", _ladder(29, 34, 39, 44, 50), "rendering.compressed",
         ("code_pictures",)),
    # How the sound sounds.
    Kind("white_noise", "White noise.", "sound", {"audio_quality": 1.0}, "dB signal to noise",
         _ladder(32, 22, 14, 7, 0), "noise.white"),
    Kind("babble", "Many voices in the background.", "sound", {"audio_quality": 1.0, "consistency": 0.15},
         "dB signal to noise", _ladder(26, 18, 11, 5, -2), "noise.babble"),
    Kind("hum", "Hum of the mains with its harmonics.", "sound", {"audio_quality": 1.0}, "dB signal to noise",
         _ladder(28, 18, 10, 3, -5), "noise.hum"),
    Kind("clipping", "Sound driven into the limit.", "sound", {"audio_quality": 1.0}, "dB over the limit",
         _ladder(8, 14, 21, 29, 40), "channel.clipping"),
    Kind("band_limit", "Highs and lows missing.", "sound", {"audio_quality": 1.0}, "Hz, lowest and highest",
         ((60.0, 5500.0), (150.0, 3800.0), (300.0, 2600.0), (400.0, 1700.0), (500.0, 1050.0)), "channel.band_limit"),
    Kind("reverberation", "A room.", "sound", {"audio_quality": 1.0, "consistency": 0.15},
         "s to fall by 60 dB, dB direct to room", ((0.25, 12.0), (0.45, 6.0), (0.8, 1.0), (1.4, -4.0), (2.5, -10.0)),
         "channel.reverberation"),
    Kind("packet_loss", "Packets of sound lost and filled in.", "sound", {"audio_quality": 1.0, "consistency": 0.15},
         "share of 20 ms packets", _ladder(0.02, 0.05, 0.12, 0.22, 0.4), "channel.packet_loss"),
    Kind("loudness_jumps", "Loudness that jumps.", "sound", {"audio_quality": 1.0, "consistency": 0.3},
         "dB down from piece to piece", _ladder(4, 8, 13, 20, 30), "channel.loudness_jumps"),
    Kind("ringing", "A metallic ring.", "sound", {"audio_quality": 1.0}, "gain of the echo after 7 ms",
         _ladder(0.2, 0.38, 0.55, 0.72, 0.88), "channel.ringing"),
    Kind("robot", "A voice rebuilt from few bands without its phase.", "sound",
         {"audio_quality": 1.0, "consistency": 0.3}, "mel bands, Griffin-Lim iterations",
         ((80.0, 60.0), (56.0, 24.0), (36.0, 8.0), (22.0, 2.0), (12.0, 0.0)), "voice.robot"),
    Kind("codec", "Sound through a codec at a low rate.", "sound", {"audio_quality": 1.0}, "codec, bits a second",
         (("libopus", 14_000), ("libopus", 8_000), ("libopencore_amrnb", 7_950), ("libopencore_amrnb", 4_750),
          ("tandem", 4_750)),
         "channel.coded", ("code_sound",)),
    # Voice against face.
    Kind("other_voice", "A voice of another size of throat and pitch.", "sound",
         {"consistency": 1.0, "audio_quality": 0.25}, "ratio of pitch, ratio of formants",
         ((1.1, 1.03), (1.25, 1.07), (1.45, 1.12), (1.7, 1.18), (2.0, 1.26)), "voice.other_throat"),
    Kind("fast_voice", "A voice faster than its mouth.", "sound", {"consistency": 1.0, "lip_sync": 1.0},
         "times faster", _ladder(1.05, 1.1, 1.2, 1.3, 1.5), "timing.faster"),
    Kind("flat_voice", "A voice without melody to a lively face.", "sound", {"consistency": 1.0, "audio_quality": 0.5},
         "share of the melody taken away", _ladder(0.3, 0.5, 0.7, 0.85, 1.0), "voice.flat"),
    Kind("muted", "The voice falls silent for 0.4 s at a time while the mouth moves.", "sound",
         {"consistency": 1.0, "lip_sync": 0.9, "audio_quality": 0.7}, "s of sound between; 0: none",
         _ladder(4.0, 2.0, 0.8, 0.3, 0.0), "timing.muted"),
)
# fmt: on


KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _TABLE}
