"""`tfq report`."""

from __future__ import annotations

import dataclasses
import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tfq import remote
from tfq.cli import inputs, output, run
from tfq.cli.inputs import Item
from tfq.cli.options import Loop, of_kinds, takes
from tfq.cli.work import Done
from tfq.config import Settings
from tfq.errors import UsageError
from tfq.report import language

if TYPE_CHECKING:
    from tfq.report.rate import Rated
    from tfq.store import TfqFile

Lang = Literal["en", "zh"]


@dataclasses.dataclass(frozen=True)
class Pages(Loop):
    """The options of every loop, but that what is made are pages."""

    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Name of the page of one video, or of all results."),
    ] = None
    out_dir: Annotated[str | None, typer.Option(metavar="DIR", help="Put the pages there, not beside the videos.")] = (
        None
    )


@takes(Pages)
def report(
    loop: Pages,
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the .h5 file made of a video, beside it.")] = False,
    lang: Annotated[Lang | None, typer.Option(show_default="as the locale", help="Language of the pages.")] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Also show which measurements and moments moved each score.")
    ] = False,
    at: Annotated[
        float | None, typer.Option("--at", min=0, metavar="SECONDS", help="Let the page open at this moment.")
    ] = None,
    browse: Annotated[bool, typer.Option("--open", help="Open each page in the browser.")] = False,
    figures: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also draw every plot of the pages into DIR, as PNG and SVG.")
    ] = None,
    summary: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Also write one page of all clips: a table to sort and filter, groups, worst clips."
        ),
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV",
            autocompletion=of_kinds(".csv"),
            help="For --summary and --evaluate: `file`, `method` (the generator), and MOS in any of the dimensions.",
        ),
    ] = None,
    ratings: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV",
            autocompletion=of_kinds(".csv"),
            help="For --summary and --evaluate: ratings as a rating page exports them.",
        ),
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="The two files named are results as jsonl: compare them, clip by clip.")
    ] = False,
    rate: Annotated[
        bool, typer.Option("--rate", help="Write one page on which people rate the clips, into the file of -o.")
    ] = False,
    practice: Annotated[
        int, typer.Option(min=0, metavar="N", help="For --rate: the first N clips are for practice.")
    ] = 0,
    evaluate: Annotated[
        bool,
        typer.Option(
            "--evaluate", help="The files named are results as jsonl, a model each: measure them against labels."
        ),
    ] = False,
    index: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="For --evaluate: the index that knows labels, speakers and weak moments."),
    ] = None,
    part: Annotated[
        Literal["train", "validation", "test", "all"],
        typer.Option(help="For --evaluate: the part of the index to measure on."),
    ] = "test",
) -> int:
    """Write a page (HTML, one file, no network) that shows the scores of a clip and where it is weak.

    Scores the clip first where `tfq score` has not. The page lies beside the clip, or where -o or --out-dir puts it;
    its path is printed. Other pages are of many clips, of two sets of results on the same clips or sounds, and for
    raters, whose answers `tfq index --ratings` reads. --evaluate prints what models are worth, as Markdown, or writes it
    as JSON or a page, as the file of -o ends:

        tfq report clip.mp4
        tfq report -o page.html clip.h5
        tfq report --at 1.36 clip.h5
        tfq report --out-dir pages --summary pages/all.html clips/*.h5
        tfq report --compare -o versions.html old.jsonl new.jsonl
        tfq report --rate --practice 1 -o rate.html clips/*.mp4
        tfq report --evaluate --ratings ratings.csv -o worth.html new.jsonl old.jsonl
    """
    code = lang or language.of_locale(os.environ)
    if compare:
        return _compare(loop, code, figures)
    if rate:
        return _rate(loop, code, practice, keep=keep)
    if evaluate:
        return _evaluate(loop, code, index, part, table, ratings, figures)
    page = inputs.place(loop.output, inputs.folder(loop.out_dir, local=True), ".html") or _page_of
    made: list[tuple[dict[str, Any], Path]] = []

    def emit(done: Done) -> None:
        output.data(str(done.item.out), "\0" if loop.print0 else "\n")
        made.append((done.result, Path(str(done.item.out))))
        if browse:
            _open(made[-1][1])

    write = functools.partial(write_page, code=code, figures=figures and figures.absolute(), at=at)
    asked = {"explain": True} if explain else {}
    status = run.each_file(loop, "score", Settings(), keep=keep, product=page, after=write, emit=emit, recorded=asked)
    if summary is not None and made:
        from tfq.stages.report_many import summarise

        summarise(made, summary, table, ratings, language.language(code), figures)
        output.data(str(summary), "\0" if loop.print0 else "\n")
    return status


def write_page(
    file: TfqFile, item: Item, *, code: str = "en", figures: Path | None = None, at: float | None = None
) -> dict[str, Any]:
    """Write the page of a scored file, and its figures where asked for; returns the file's result."""
    from tfq.stages.report import draw
    from tfq.stages.report import report as stage

    if figures is not None:
        draw(file, figures, item.out.stem, language.language(code))
    return stage(file, Path(str(item.out)), item.name, language.language(code), at)


def _open(page: Path) -> None:
    """Show a page in the user's browser; where there is none the path on standard output has to do."""
    import webbrowser

    if not webbrowser.open(page.resolve().as_uri()):
        output.log.warning("%s: no browser was found; open it by hand, or set BROWSER", page)


def _page_of(name: str) -> Path:
    """Beside the clip; of one in an object store, in the current folder."""
    clip = remote.place(name)
    return (clip if isinstance(clip, Path) else Path(clip.name)).with_suffix(".html")


def clip_to_rate(file: TfqFile, item: Item) -> Rated:
    """A clip as browsers can play it."""
    from tfq.stages.report_clips import rated

    return rated(file, item.name)


def _rate(loop: Loop, code: str, practice: int, *, keep: bool) -> int:
    if loop.output is None:
        raise UsageError("name the page to write with -o")
    from tfq.stages.report_many import rate_page

    page, clips = loop.output, []
    status = run.each_file(
        dataclasses.replace(loop, output=None),  # -o speaks of the page of all, not of each clip's file
        "extract",
        Settings(),
        keep=keep,
        product=lambda name: page.with_name(f"{Path(name).stem}.rated"),
        after=clip_to_rate,
        emit=lambda done: clips.append(done.result),
        recorded={},
    )
    if clips:
        rate_page(clips, practice, page, language.language(code))
        output.data(str(page), "\0" if loop.print0 else "\n")
    return status


def _compare(loop: Loop, code: str, figures: Path | None) -> int:
    names = inputs.all_names(loop)
    if len(names) != 2 or loop.output is None:
        raise UsageError("--compare wants two files of results and -o for the page")
    from tfq.stages.report_many import compare

    compare(Path(names[0]), Path(names[1]), loop.output, language.language(code), figures)
    output.data(str(loop.output))
    return 0


def _evaluate(
    loop: Loop,
    code: str,
    index: Path | None,
    part: str,
    table: Path | None,
    ratings: Path | None,
    figures: Path | None,
) -> int:
    if (index is None) == (table is None and ratings is None):
        raise UsageError("--evaluate wants labels: from --index, or from --table and --ratings")
    form = loop.output.suffix.lower() if loop.output else ".md"
    if form not in (".md", ".json", ".html"):
        raise UsageError(f"-o {loop.output}: write a .html, .json or .md file")
    from tfq.stages import evaluate
    from tfq.stages.report import save

    known = evaluate.from_index(index, part) if index else evaluate.from_tables(table, ratings)
    found = evaluate.evaluate([Path(name) for name in inputs.all_names(loop)], known)
    stem = loop.output.stem if loop.output else ""
    text = evaluate.written(found, form, stem, language.language(code))
    if figures is not None:
        evaluate.draw(found, figures, stem or "evaluation", language.language(code))
    if loop.output is None:
        output.document(text)
    else:
        save(loop.output, text)
        output.data(str(loop.output))
    return 0
