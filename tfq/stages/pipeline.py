"""The road: which stage needs which, and running exactly those that are missing or out of date.

A stage is a module `tfq.stages.NAME` with `VERSION` (a count of changes to its arithmetic), `NEEDS` (the groups it
reads), `weights(config)` (names in the registry) and `run(file, config, models, stamp)`. The stage a user names runs
with the user's parameters; the ones before it keep the parameters they were last run with.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from tfq.config import DetectConfig, Settings
from tfq.errors import UsageError, WeightsError
from tfq.media.facts import sha256
from tfq.models.runtime import Models
from tfq.stages import openface
from tfq.store import Stamp, TfqFile

# The sound before the pictures: what needs nothing else can then be done beside them.
ROAD = ("extract", "audio", "detect", "align", "sync", "features", "score")

Progress = Callable[[str], None]


class Stage(Protocol):
    """What a stage's module offers."""

    VERSION: int
    NEEDS: tuple[str, ...]

    def weights(self, config: Any) -> tuple[str, ...]:
        """Names in the registry of the weights that this configuration uses."""

    def run(
        self, file: TfqFile, config: Any, models: Models, stamp: Stamp, source: Path | None = None, watch: Any = None
    ) -> None:
        """Read the groups it needs, compute, and replace its own group under the stamp; `extract` takes source and watch."""

    def watcher(self, config: Any, models: Models) -> Any:
        """What looks at pictures on the way of `extract`; `detect` has this."""

    def listen(self, file: TfqFile, config: Any, models: Models) -> None:
        """Begin what needs the sound alone; `sync` and `features` have this."""


def stage(name: str) -> Stage:
    """Import a stage when it is wanted."""
    return importlib.import_module(f"tfq.stages.{name}")


def walk(
    file: TfqFile,
    target: str,
    settings: Settings,
    models: Models,
    *,
    source: Path | None = None,
    force: bool = False,
    recorded: Mapping[str, Any] | None = None,
    progress: Progress = lambda _: None,
) -> None:
    """Bring a file up to a stage: every stage on the way that is missing or out of date runs, and no other.

    Args:
        file: the open file.
        target: a name in `ROAD`.
        settings: what every stage runs with.
        models: the loaded networks, shared by all files of a process.
        source: the video, where the file does not exist yet.
        force: run the target even where its stamp is current.
        recorded: keep the parameters that the target was last run with, as for the stages before it, save for these.
        progress: told each stage's name before it runs.

    A stage that finds nothing to judge (no face, no sound) does not raise: its group says so in its status, everything
    in it is NaN, and the stages after it carry the reason on.
    """
    way = _way_to(target)

    def config_of(name: str) -> Any:
        chosen = getattr(settings, name) if name == target and recorded is None else _recorded(file, name, settings)
        return dataclasses.replace(chosen, **recorded) if name == target and recorded else chosen

    try:
        for name in way:
            if name == target == "features":
                openface.take(file, settings.openface)
            config = config_of(name)
            stamp = _stamp(file, name, config, models, source)
            if file.stamp(name) == stamp and not (force and name == target):
                continue
            progress(name)
            if name == "detect" and models.threads != 1:
                _listen(file, way, config_of, models)
            if name == "extract":
                _extract(file, config, models, stamp, source, config_of("detect") if "detect" in way else None)
            else:
                stage(name).run(file, config, models, stamp)
    finally:
        models.ahead.end()


def _extract(
    file: TfqFile, config: Any, models: Models, stamp: Stamp, source: Path | None, detect: DetectConfig | None
) -> None:
    """With `detect` to follow, faces are looked for in the pictures that are decoded for the timeline."""
    watch = None
    if detect is not None:
        with contextlib.suppress(WeightsError):  # which is told where the network is missed
            watch = stage("detect").watcher(detect, models)
    stage("extract").run(file, config, models, stamp, source, watch)
    if watch is not None:
        watch.hand_over(file, models)


def _listen(file: TfqFile, way: Sequence[str], config_of: Callable[[str], Any], models: Models) -> None:
    """Begin what needs the sound alone, of stages that have never run, while `detect` and `align` look at pictures."""
    if "audio" not in way:
        return
    for name in ("sync", "features"):
        if name in way and file.stamp(name) is None:
            with contextlib.suppress(WeightsError):  # which is told where the network is missed
                stage(name).listen(file, config_of(name), models)


def _recorded(file: TfqFile, name: str, settings: Settings) -> Any:
    """The parameters a stage ran with, so that `tfq detect --size 640` is not undone by the `tfq align` after it."""
    default = getattr(settings, name)
    made = file.stamp(name)
    known = {field.name for field in dataclasses.fields(default)}
    if made is None or set(made.parameters) != known:
        return default
    # JSON has no tuples, which is what every sequence in a configuration is.
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in made.parameters.items()}
    return dataclasses.replace(default, **values)


def _way_to(target: str) -> tuple[str, ...]:
    if target not in ROAD:
        raise UsageError(f"no stage is called {target}; there are {', '.join(ROAD)}")
    wanted = {target}
    for name in reversed(ROAD):
        if name in wanted:
            wanted.update(stage(name).NEEDS)
    return tuple(name for name in ROAD if name in wanted)


def _stamp(file: TfqFile, name: str, config: Any, models: Models, source: Path | None) -> Stamp:
    module = stage(name)
    if name == "extract":
        inputs = {"source": str(file.attrs.get("source_sha256", "")) if source is None else sha256(source)}
    else:
        inputs = {need: made.digest for need in module.NEEDS if (made := file.stamp(need)) is not None}
    weights = {weight: models.sha(weight) for weight in module.weights(config)}
    parameters = json.loads(json.dumps(dataclasses.asdict(config)))  # as they will be read back
    return Stamp(name, module.VERSION, parameters, weights, inputs)
