"""How scores read: the names of the dimensions and the words of the 1-5 scale (ITU-T P.800)."""

from __future__ import annotations

from tfq.config import NOTICED_EARLY_MS, NOTICED_LATE_MS, UNSURE

TITLES = {
    "lip_sync": "Lip sync",
    "expression": "Expression",
    "audio_quality": "Audio quality",
    "consistency": "Consistency",
    "visual_quality": "Visual quality",
    "overall": "Overall",
}

COLUMNS = {
    "lip_sync": "lips",
    "expression": "face",
    "audio_quality": "sound",
    "consistency": "match",
    "visual_quality": "picture",
    "overall": "overall",
}

REASONS = {
    "no_face": "no face was found",
    "upside_down": "the face is upside down; turn the video",
    "no_audio": "the file has no sound",
    "no_speech": "there is no speech",
    "too_short": "the clip is too short",
    "silent": "the sound is silent",
    "at_search_edge": "no offset within the search range fits",
    "mouth_hidden": "the mouth is hidden, or the head is turned away",
    "too_few_frames": "too few frames show the face",
    "no_model": "the model was not trained on this dimension",
}

_WORDS = ((4.5, "excellent"), (3.5, "good"), (2.5, "fair"), (1.5, "poor"), (1.0, "bad"))


def word(mos: float) -> str:
    """The word of the absolute category scale nearest to a score."""
    return next((name for least, name in _WORDS if mos >= least), "bad")


def reason(name: str) -> str:
    """A sentence part for a status; an unknown one is shown as it is."""
    return REASONS.get(name, name.replace("_", " "))


def offset(milliseconds: float, confidence: float | None) -> str:
    """Which side an offset is on, and whether people notice it.

    Under half a frame nobody can tell, nor where the mouth goes with no part of the sound.
    """
    if unsure(confidence):
        return "uncertain"
    if abs(milliseconds) < 20:
        return "in sync"
    side = "sound early" if milliseconds > 0 else "sound late"
    return f"{side}, not noticeable" if -NOTICED_LATE_MS <= milliseconds <= NOTICED_EARLY_MS else side


def unsure(confidence: float | None) -> bool:
    """Whether the mouth goes with no part of the sound; nobody knows where the confidence is not told."""
    return confidence is not None and confidence < UNSURE


def printable(text: str) -> str:
    """A text that cannot move the cursor, turn what stands beside it around, or break the terminal's encoding.

    The two joiners stay: Persian words and composed emoji are written with them.
    """
    return "".join(c if c.isprintable() or c in "\u200c\u200d" else "\ufffd" for c in text)
