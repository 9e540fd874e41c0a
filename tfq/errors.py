"""Every error that tfq raises on purpose, and the exit status each one gives.

A message says what is wrong first, then what to do. Statuses are a contract with scripts: they are never renumbered,
and never 255, which stops `xargs`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar


class TfqError(Exception):
    """A defect of tfq itself: the only class whose traceback helps anybody."""

    exit_status: ClassVar[int] = 70


class GateError(TfqError):
    """A clip is worse than a gate allows."""

    exit_status = 1


class UsageError(TfqError):
    """The command line, a configuration file or a parameter is wrong."""

    exit_status = 2


class InputError(TfqError):
    """The input cannot be read, or is not what it says."""

    exit_status = 3


class FormatError(InputError):
    """An HDF5 file is not one of tfq's, is damaged, or comes from a newer tfq."""


class IndeterminateError(TfqError):
    """The clip is readable but cannot be judged. `reason` is the short name that JSON and the store carry."""

    exit_status = 4
    reason: ClassVar[str] = "indeterminate"


class NoFaceError(IndeterminateError):
    """Detection ran and found no face to judge."""

    reason = "no_face"


class NoSpeechError(IndeterminateError):
    """There is no sound, or no speech in it."""

    reason = "no_speech"


class TooShortError(IndeterminateError):
    """The clip or its judged track is too short for the measurement."""

    reason = "too_short"


class BatchError(TfqError):
    """Some files of a batch failed; the others are done."""

    exit_status = 5


class WeightsError(TfqError):
    """A model's weights are missing or are not the ones expected."""

    exit_status = 6


class InUseError(TfqError):
    """Another process is working on the file."""

    exit_status = 7


INTERRUPTED = 130
CLOSED_PIPE = 141


def meant(name: str, known: Iterable[str]) -> str:
    """What a wrong name may have meant, to end a message with: `; did you mean lip_sync?`, or nothing."""
    from difflib import get_close_matches

    close = get_close_matches(name, list(known), 1)
    return f"; did you mean {close[0]}?" if close else ""
