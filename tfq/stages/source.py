"""The video that a file was made of: its own bytes inside, or the linked file."""

from __future__ import annotations

import io
from pathlib import Path

from tfq.errors import InputError
from tfq.media.probe import Source, sha256
from tfq.store import TfqFile


def open_source(file: TfqFile) -> Source:
    """The source, ready for the functions of `tfq.media`.

    Raises:
        InputError: the linked file has moved or changed, or the pictures were stripped.
    """
    if file.has("extract/source"):
        return io.BytesIO(file.array("extract/source").tobytes())
    linked = str(file.attrs.get("source_path", ""))
    if not linked:
        raise InputError(f"{file.path}: its source was taken out; run `tfq extract` on the video again")
    path = Path(linked) if Path(linked).is_absolute() else file.path.parent / linked
    if not path.is_file():
        raise InputError(f"{file.path}: the linked source {linked} is not there; run `tfq extract` on the video again")
    if sha256(path) != file.attrs.get("source_sha256"):
        raise InputError(f"{file.path}: the linked source {linked} has changed; run `tfq extract` on it again")
    return path
