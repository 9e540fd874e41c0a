"""Every group and dataset of a `.h5` file: shape, dtype, unit, and who writes it.

This table is the only place that names a dataset; `tfq-format(5)` is made from it, and reading and writing are checked
against it. Dims: T grid frames, R face tracks, K landmarks, B blendshapes, S crop side, N sound samples, P speech spans,
O offsets, Q portraits, D and C columns of one feature, E embedding width, G feature groups, M judged
dimensions. Equal letters mean equal lengths within one group, and T within the whole file.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

FORMAT = "tfq"
FORMAT_VERSION = 1


@dataclass(frozen=True)
class Dataset:
    """One dataset. `path` may hold `*` for one level that the data names, as in `features/*/values`."""

    path: str
    dims: tuple[str | int, ...]
    dtype: str
    unit: str
    about: str

    @property
    def group(self) -> str:
        return self.path.split("/", 1)[0]


@dataclass(frozen=True)
class Attribute:
    """One attribute of a group; `path` is `group@name`, or `@name` for the file itself."""

    path: str
    kind: str
    about: str


DATASETS: tuple[Dataset, ...] = (
    Dataset("extract/time_s", ("T",), "f8", "s", "Start of each grid frame from the start of the picture."),
    Dataset("extract/source_time_s", ("T",), "f8", "s", "Time stamp of the picture shown; NaN: there is none."),
    Dataset("extract/valid", ("T",), "?", "", "The frame shows a decoded picture that is not black."),
    Dataset("extract/broken", ("T",), "?", "", "The decoder reported damage, or no picture covers the frame."),
    Dataset("extract/black", ("T",), "?", "", "The picture is black."),
    Dataset("extract/repeated", ("T",), "?", "", "The same source picture as the frame before."),
    Dataset(
        "extract/picture", ("T",), "i4", "", "Index of the source picture shown, in the order pictures are decoded."
    ),
    Dataset("extract/audio", ("N",), "f4", "full scale", "16 kHz mono sound; sample 0 is at the start of the picture."),
    Dataset("extract/source", ("Z",), "u1", "", "The source file, byte for byte; absent with `--source link`."),
    Dataset("detect/boxes", ("R", "T", 4), "f4", "px", "Left, top, right, bottom of each track; NaN: not there."),
    Dataset(
        "detect/points",
        ("R", "T", 5, 2),
        "f4",
        "px",
        "Eyes, nose tip, mouth corners, image-left first; NaN: not there.",
    ),
    Dataset("detect/score", ("R", "T"), "f4", "", "Detector score; NaN where a box was filled in or is not there."),
    Dataset("detect/valid", ("T",), "?", "", "The judged track has a box."),
    Dataset(
        "align/landmarks",
        ("T", "K", 3),
        "f4",
        "px",
        "Face Landmarker points in source pixels, depth too; NaN: no face.",
    ),
    Dataset("align/blendshapes", ("T", "B"), "f4", "", "Face Landmarker blendshapes, 0-1; NaN: no face."),
    Dataset(
        "align/pose",
        ("T", 3),
        "f4",
        "deg",
        "Yaw, pitch, roll; positive: to the image's right, up, clockwise; NaN: no face.",
    ),
    Dataset("align/transform", ("T", 2, 3), "f4", "px", "Similarity from source pixels to crop pixels; NaN: no face."),
    Dataset("align/crops", ("T", "S", "S", 3), "u1", "", "RGB face crops on the template; black: no face."),
    Dataset("align/large_crops", ("T", "L", "L", 3), "u1", "", "The same on request at a larger side."),
    Dataset(
        "align/mouths",
        ("T", 64, 64),
        "u1",
        "",
        "Grey mouth crops, 1.6 distances between the eyes wide; black: no face.",
    ),
    Dataset(
        "align/texture",
        ("T", "X"),
        "f4",
        "",
        "Detail, noise and squares of the face at the source's resolution (features/texture names them); NaN: no face.",
    ),
    Dataset(
        "align/portraits",
        ("Q", 192, 192),
        "u1",
        "",
        "Grey upright squares of the face and what is around it, every fifth frame from the first; black: no face.",
    ),
    Dataset("align/valid", ("T",), "?", "", "A face of the judged track was found."),
    Dataset("audio/speech", ("T",), "?", "", "Speech by voice activity detection, smoothed."),
    Dataset("audio/spans", ("P", 2), "f8", "s", "Start and end of each piece of speech."),
    Dataset("audio/level_db", ("T",), "f4", "dBFS", "Root mean square level of the frame; NaN: no sound."),
    Dataset("audio/valid", ("T",), "?", "", "There is sound under the frame."),
    Dataset("sync/offsets", ("O",), "i4", "frames", "The offsets that were tried; positive: sound early."),
    Dataset(
        "sync/distance", ("T", "O"), "f4", "", "Distance of picture and sound at each offset; NaN outside the clip."
    ),
    Dataset("sync/offset", ("T",), "f4", "frames", "Offset of the window around the frame; NaN: not measured."),
    Dataset("sync/confidence", ("T",), "f4", "", "Confidence of that offset; NaN: not measured."),
    Dataset("sync/valid", ("T",), "?", "", "The frame took part: a face, speech, and both streams."),
    Dataset(
        "openface/intensities",
        ("T", 17),
        "f4",
        "intensity",
        "Action units as OpenFace found them, 0-5; absent where it was not asked; NaN: no face.",
    ),
    Dataset("openface/valid", ("T",), "?", "", "OpenFace found the face."),
    Dataset(
        "features/*/values",
        ("T", "D"),
        "f4",
        "by column",
        "A row a frame, columns named in the attributes; NaN: absent.",
    ),
    Dataset("features/*/clip", ("C",), "f4", "by column", "Values of the whole clip; NaN: absent."),
    Dataset("features/*/valid", ("T",), "?", "", "The row can be used."),
    Dataset(
        "score/scores",
        ("M", 3),
        "f4",
        "MOS",
        "Score, low and high end of the 90 % interval, per dimension; NaN: not judged.",
    ),
    Dataset("score/over_time", ("T", "M"), "f4", "MOS", "Score of each frame per dimension; NaN: not judged."),
    Dataset("score/valid", ("T",), "?", "", "The frame was judged."),
    Dataset(
        "score/explained/by_group",
        ("G", "M"),
        "f4",
        "MOS",
        "With `--explain`: points that each feature group, named in the attributes, added to the clip's scores; NaN: not judged.",
    ),
    Dataset("score/explained/pieces_s", ("P", 2), "f8", "s", "Start and end of the pieces of the clip."),
    Dataset("score/explained/by_piece", ("P", "M"), "f4", "MOS", "Points that each piece added; NaN: not judged."),
)

ATTRIBUTES: tuple[Attribute, ...] = (
    Attribute("@format", "text", f'Always "{FORMAT}".'),
    Attribute(
        "@format_version", "integer", "Version of this layout; a newer one is refused, an older one is migrated."
    ),
    Attribute("@generated_by", "text", "Program and version that wrote the file last."),
    Attribute("@created", "text", "When the file was first made, ISO 8601, UTC."),
    Attribute("@source_name", "text", "File name of the source, without folders."),
    Attribute("@source_size", "integer", "Size of the source in bytes."),
    Attribute("@source_sha256", "text", "SHA-256 of the source."),
    Attribute("@source_path", "text", "Where the source lies, with `--source link`; empty otherwise."),
    Attribute("*@stamp", "text", "JSON: what made the group (version, parameters, weights, stamps of what it read)."),
    Attribute("*@status", "text", '"ok", or the short name of the reason why there is nothing to judge.'),
    Attribute("*@info", "text", "JSON: the group's other scalars, as `tfq show --format json` prints them."),
    Attribute(
        "*@seal", "text", "SHA-256 of the group's stamp, status and info, each after a NUL; absent in older files."
    ),
)
LONGEST_ATTRIBUTE = 2**22  # bytes


@functools.lru_cache(4096)
def find(path: str) -> Dataset | None:
    """The row that describes a dataset's path, or None: the file must not hold it."""
    parts = path.split("/")
    for row in DATASETS:
        wanted = row.path.split("/")
        if len(wanted) == len(parts) and all(w in ("*", p) for w, p in zip(wanted, parts, strict=True)):
            return row
    return None


@functools.cache
def attributes(root: bool) -> frozenset[str]:
    """Names of the attributes of the file itself, or of a group."""
    named = (row.path.partition("@") for row in ATTRIBUTES)
    return frozenset(name for owner, _, name in named if (owner == "") == root)


def groups() -> tuple[str, ...]:
    """The top-level groups in the order stages write them."""
    return tuple(dict.fromkeys(row.group for row in DATASETS))
