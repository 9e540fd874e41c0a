"""`tfq score`."""

from __future__ import annotations

import dataclasses
import functools
import json
import logging
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tfq.cli import limits, output, run
from tfq.cli.inputs import Item
from tfq.cli.options import Loop, of_kinds, of_names, takes
from tfq.cli.work import Done
from tfq.config import DIMENSIONS, ScoreConfig, Settings
from tfq.errors import GateError, IndeterminateError, TfqError, UsageError
from tfq.report import language

if TYPE_CHECKING:
    from tfq.report.gates import Failure, Gates
    from tfq.store import TfqFile

DEFAULT = ScoreConfig()
log = logging.getLogger("tfq")

Form = Literal["table", "json", "jsonl", "csv", "md", "junit", "edl", "chapters"]
Lang = Literal["en", "zh"]
Verdict = Literal["pass", "fail"]
INDETERMINATE = {"pass": 0, "fail": GateError.exit_status, None: IndeterminateError.exit_status}


def _limits(incomplete: str) -> Iterator[str]:
    """Tab completion of dimensions between commas."""
    return of_names(DIMENSIONS, incomplete, "=")


@takes(Loop)
def score(
    loop: Loop,
    *,
    form: Annotated[
        Form, typer.Option("--format", help="How results are printed; jsonl prints each file at once.")
    ] = "table",
    fail_under: Annotated[
        list[str] | None,
        typer.Option(
            metavar="DIM=MOS,...",
            show_default=False,
            autocompletion=_limits,
            help=f"Fail under a score of {', '.join(DIMENSIONS)}.",
        ),
    ] = None,
    max_offset_ms: Annotated[
        float | None, typer.Option(min=0, metavar="MS", help="Fail where sound and lips are further apart.")
    ] = None,
    max_weak_seconds: Annotated[
        float | None, typer.Option(min=0, metavar="SECONDS", help="Fail where more of the clip is weak.")
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            autocompletion=of_kinds(".jsonl", ".json"),
            help="Compare with FILE, earlier results as jsonl or json, clip by clip.",
        ),
    ] = None,
    max_drop: Annotated[
        float | None, typer.Option(min=0, metavar="MOS", help="Fail where a score fell by more since the baseline.")
    ] = None,
    on_indeterminate: Annotated[
        Verdict | None,
        typer.Option(show_default="status 4", help="What a clip that cannot be judged counts as: status 0 or 1."),
    ] = None,
    checkpoint: Annotated[
        str,
        typer.Option(
            metavar="FILE",
            show_default="the one that comes with tfq",
            autocompletion=of_kinds(".safetensors"),
            help="Judge with a checkpoint of `tfq train`.",
        ),
    ] = DEFAULT.checkpoint,
    weak_below: Annotated[
        float, typer.Option(min=1, max=5, metavar="MOS", help="Moments under this score are weak.")
    ] = DEFAULT.weak_below,
    min_weak: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="Shorter weak moments are not told.")
    ] = DEFAULT.min_weak_s,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain",
            help="Also tell which measurements and moments moved each score, by judging the clip without them.",
        ),
    ] = DEFAULT.explain,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the .h5 file made of a video, beside it.")] = False,
    lang: Annotated[
        Lang | None,
        typer.Option(
            show_default="as the locale", help="Language of the table, of md, and of reasons in edl and chapters."
        ),
    ] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of a result and exit.")] = False,
    demo: Annotated[bool, typer.Option("--demo", help="Score the clip that comes with tfq.")] = False,
) -> int:
    """Score talking-face videos, 1 (bad) to 5 (excellent), and say where they are weak.

    Runs every stage that has not run. A video leaves nothing behind unless --keep, -o or --out-dir asks; a matching .h5
    file beside it saves the work. Formats edl and chapters carry the weak segments to editors and players. In a step of
    GitHub Actions the Markdown of the results is appended to the step's summary. With limits it is a gate for scripts,
    status 1 where a clip fails:

        tfq score clip.mp4
        tfq score --format jsonl clips/*.mp4 > scores.jsonl
        tfq score --fail-under lip_sync=3.5,overall=3 --max-offset-ms 80 clip.mp4
        inotifywait -mq -e close_write --format %w%f in/ | tfq score --follow --format jsonl
        tfq score --baseline scores.jsonl --max-drop 0.3 clips/*.mp4
        tfq score --explain clip.mp4
    """
    if schema:
        return _print_schema()
    loop = _with_demo(loop) if demo else loop
    gates = limits.gates(fail_under, max_offset_ms, max_weak_seconds, baseline, max_drop)
    if loop.follow and (form != "jsonl" or gates):
        raise UsageError("--follow prints clips as they come: it takes --format jsonl, and no limits")
    results: list[dict[str, Any]] = []

    def emit(done: Done) -> None:
        if not loop.follow:
            results.append(done.result)
        if form == "jsonl":
            output.document(json.dumps(done.result, ensure_ascii=False) + "\n")

    status = run.each_file(
        loop,
        "score",
        Settings(score=ScoreConfig(checkpoint=checkpoint, explain=explain, weak_below=weak_below, min_weak_s=min_weak)),
        keep=keep or loop.output is not None or loop.out_dir is not None,
        after=functools.partial(result_of, short=demo),
        emit=emit,
        indeterminate=INDETERMINATE[on_indeterminate],
    )
    failures = _check(results, gates)
    outcome = Outcome(results, failures, gated=bool(gates), lang=lang or language.of_locale(os.environ))
    if results and form != "jsonl":
        outcome.print(form)
    if results and (summary := os.environ.get("GITHUB_STEP_SUMMARY")):
        outcome.append_to(Path(summary))
    return _status(status, failures, on_indeterminate)


def result_of(file: TfqFile, item: Item, *, short: bool = False) -> dict[str, Any]:
    """The JSON object of a scored file, under the name that the user gave."""
    from tfq.stages.score import result

    return result(file, Path(item.name).name if short else item.name)


def _with_demo(loop: Loop) -> Loop:
    if loop.files or loop.files_from:
        raise UsageError("--demo scores the clip that comes with tfq; name no other")
    clip = Path(__file__).parents[1] / "demo" / "demo.mp4"
    if not clip.is_file():
        raise TfqError(f"{clip}: the demo clip is missing from this installation")
    return dataclasses.replace(loop, files=[str(clip)])


def _check(results: Sequence[dict[str, Any]], gates: Gates) -> list[Failure]:
    from tfq.report.gates import check

    failures = check(results, gates)
    for failure in failures:
        log.error("%s: %s", failure.file, failure.message)
    return failures


def _status(status: int, failures: Sequence[Failure], on_indeterminate: Verdict | None) -> int:
    """The gates' say, where no file of the batch went wrong otherwise."""
    if status not in (0, IndeterminateError.exit_status):
        return status
    if any(not failure.unjudged for failure in failures):
        return GateError.exit_status
    return INDETERMINATE[on_indeterminate] if failures else status


def _print_schema() -> int:
    from tfq.report import formats

    output.document(formats.schema())
    return 0


@dataclass(frozen=True)
class Outcome:
    """All results of a run, and what the gates said of them."""

    results: Sequence[dict[str, Any]]
    failures: Sequence[Failure]
    gated: bool
    lang: str

    def print(self, form: Form) -> None:
        """Write the results to standard output."""
        from tfq.report import formats

        if form == "md":
            output.document(self.markdown())
        elif form == "junit":
            told: dict[tuple[str, str], str] = {}
            for failure in (failure for failure in self.failures if not failure.unjudged):
                case = failure.file, failure.dimension
                told[case] = f"{told[case]}; {failure.message}" if case in told else failure.message
            output.document(formats.as_junit(self.results, told))
        else:
            terminal = output.on_terminal(sys.stdout)
            width = shutil.get_terminal_size((100, 24)).columns if terminal else 100
            colour = terminal and not os.environ.get("NO_COLOR")
            say = language.language(self.lang)
            output.document(formats.render(self.results, form, width=width, colour=colour, say=say))

    def markdown(self) -> str:
        """The results, and the gates where there were any."""
        from tfq.report import formats

        told = [f"{failure.file}: {failure.message}" for failure in self.failures] if self.gated else None
        return formats.as_markdown(self.results, language.language(self.lang), told)

    def append_to(self, path: Path) -> None:
        """Add the Markdown to the summary that a CI service shows; a summary that cannot be written stops nothing."""
        try:
            with path.open("a", encoding="utf-8", errors="replace") as summary:
                summary.write(f"{self.markdown()}\n")
        except OSError as error:
            log.warning("GITHUB_STEP_SUMMARY: %s: %s", path, error.strerror)
