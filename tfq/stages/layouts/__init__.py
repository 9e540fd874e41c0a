r"""How the folders of a set are laid out: which files, and where a clip's labels, speaker and part are written.

A layout is a TOML file; those beside this one come with tfq, users write their own:

    patterns = ['(?P<recording>G\d+)_(?P<dialogue>\d+)_(?P<actor>\d+)_\d+']   # the name of a clip, without its ending
    files = "**/*.h5"                 # where `tfq features` has put its files

    [columns]                         # what a clip gets; {…} are groups of the pattern
    speaker = "{recording}_{actor}"

    [[tables]]                        # CSV files; several may say something of one clip
    files = "labels/*.csv"
    key = "Video"
    columns = { overall = "Score" }   # ours = theirs
    scale = [0, 5]                    # of dimensions; brought to 1 to 5
    set = { split = "test" }          # for every clip in it

    [[json]]                          # one file a clip, of the clip's name
    files = "Text/json/**/*.json"
    columns = { text = "content" }    # a path into the object: a.b; of a list the first

    [[splits]]                        # parts as published
    split = "test"
    where = { recording = ["G00003"] }
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tfq.config import DIMENSIONS
from tfq.errors import InputError, UsageError, meant
from tfq.stages import tables

_HERE = Path(__file__).parent
_COLUMNS = (*tables.COLUMNS, *DIMENSIONS, "votes", "starts_s", "ends_s")
_ENDINGS = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".wav", ".json", ".h5")
_KEYS = {
    "": {"about", "patterns", "files", "columns", "tables", "json", "splits"},
    "tables": {"files", "key", "columns", "scale", "set"},
    "json": {"files", "columns"},
    "splits": {"split", "where"},
}


def names() -> tuple[str, ...]:
    """Layouts that come with tfq."""
    return tuple(sorted(path.stem for path in _HERE.glob("*.toml")))


@dataclass
class Layout:
    """A layout over one folder; `entry` says what the folder knows of a clip."""

    root: Path
    description: Mapping[str, Any]
    _said: dict[str, dict[str, Any]] = field(default_factory=dict)
    _beside: list[tuple[Mapping[str, str], dict[str, Path]]] = field(default_factory=list)

    def files(self) -> list[Path]:
        """The `.h5` files of the set.

        Raises:
            InputError: there are none.
        """
        found = sorted(self.root.glob(self.description.get("files", "**/*.h5")))
        if not found:
            raise InputError(f"{self.root}: holds no .h5 files; run `tfq features` on its videos first")
        return found

    def entry(self, name: str) -> dict[str, Any]:
        """Columns of the clip of this name (a path or not, with an ending or not)."""
        stem = _stem(name)
        parts = self._parts(stem)
        made = {ours: _filled(theirs, parts) for ours, theirs in self.description.get("columns", {}).items()}
        found = {ours: value for ours, value in made.items() if value}
        for wanted, paths in self._beside:
            if stem in paths:
                content = _object(paths[stem])
                found |= {
                    ours: value for ours, theirs in wanted.items() if (value := _dig(content, theirs)) is not None
                }
        found |= self._said.get(stem, {})
        for rule in self.description.get("splits", ()):
            if all({**found, **parts}.get(name) in values for name, values in rule["where"].items()):
                found["split"] = rule["split"]
        return found

    def _parts(self, stem: str) -> dict[str, str]:
        for pattern in self.description.get("patterns", ()):
            if match := re.fullmatch(pattern, stem):
                return {name: value for name, value in match.groupdict().items() if value}
        return {}


def read(name: str, root: Path) -> Layout:
    """The layout of this name, or described by the TOML file of this name, over a folder.

    Raises:
        UsageError: there is no such layout, or its description is wrong.
        InputError: the folder is not there or a table in it is wrong.
    """
    path = _HERE / f"{name}.toml" if name in names() else Path(name)
    if not root.is_dir():
        raise InputError(f"{root}: no such folder")
    try:
        description = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        known = f"there are {', '.join(names())}, or name a TOML file"
        raise UsageError(f"no layout is called {name}; {known}{meant(name, names())}") from error
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: not a layout in TOML ({error})") from error
    try:
        _check(description)
    except (TypeError, ValueError, KeyError, AttributeError, re.error) as error:
        raise UsageError(f"{path}: {error}") from error
    layout = Layout(root, description)
    for table in description.get("tables", ()):
        for found in sorted(root.glob(table["files"])):
            for stem, columns in _table(found, table):
                layout._said.setdefault(stem, {}).update(columns)
    for beside in description.get("json", ()):
        paths = {_stem(found.name): found for found in sorted(root.glob(beside["files"]))}
        layout._beside.append((beside["columns"], paths))
    return layout


def _check(description: Mapping[str, Any]) -> None:
    """Raises ValueError, or what a wrong type leads to, with words for the user."""
    for place, wanted in _KEYS.items():
        for part in [description] if not place else description.get(place, ()):
            if not isinstance(part.get("files", ""), str):
                raise ValueError("files is one pattern, a text")
            if unknown := set(part) - wanted:
                raise ValueError(f"{place or 'the layout'} has no {', '.join(sorted(unknown))}")
            for ours in [*part.get("columns", {}), *part.get("set", {})]:
                if ours not in _COLUMNS:
                    raise ValueError(f"no column is called {ours}; there are {', '.join(_COLUMNS)}")
    for pattern in description.get("patterns", ()):
        re.compile(pattern)
    for table in description.get("tables", ()):
        low, high = table.get("scale", (1, 5))
        if not (table["files"] and table["key"] and low < high):
            raise ValueError("a table needs files, a key, and a scale that rises")
    for rule in description.get("splits", ()):
        if not (rule["split"] and rule["where"]):
            raise ValueError("a rule of splits needs a split and a where")


def _table(path: Path, table: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    low, high = table.get("scale", (1, 5))
    for number, name, cells in tables.lines(path, [table["key"]]):
        columns: dict[str, Any] = dict(table.get("set", {}))
        for ours, theirs in table.get("columns", {}).items():
            value = cells.get(theirs)
            if value and ours in DIMENSIONS:
                columns[ours] = _scaled(path, number, theirs, value, low, high)
            elif value:
                columns[ours] = value
        yield _stem(name), columns


def _scaled(path: Path, line: int, name: str, text: str, low: float, high: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise InputError(f"{path}: line {line}: {name} is {text}, not a score from {low:g} to {high:g}")
    return round(1 + 4 * (value - low) / (high - low), 4)


def _stem(name: str) -> str:
    last = name.replace("\\", "/").rpartition("/")[2]
    return last[: last.rindex(".")] if last.lower().endswith(_ENDINGS) else last


def _filled(template: str, parts: Mapping[str, str]) -> str:
    """A template with its groups in; empty where the name lacks one of them."""
    try:
        return template.format_map(parts)
    except (KeyError, IndexError):
        return ""


def _object(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON") from error


def _dig(content: Any, path: str) -> Any:
    for name in path.split("."):
        if isinstance(content, Sequence) and not isinstance(content, str):
            content = content[0] if content else None
        if not isinstance(content, Mapping):
            return None
        content = content.get(name)
    return content
