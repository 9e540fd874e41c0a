"""What `--help` shows, in English or, where it is asked for, in Chinese; the catalogue is only then loaded."""

from __future__ import annotations

import copy
import itertools
import os
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from unicodedata import east_asian_width

import typer
from typer.core import TyperCommand, TyperGroup

from tfq.errors import meant
from tfq.report.language import CODES, of_locale

Say = Callable[[str], str]

ARGUMENTS = "tfq.arguments"  # of the whole command line
ASKED, LANGUAGE = "tfq.asked", "tfq.language"  # what the command line asks for, if anything; what is shown
_OPEN, _CLOSE, _WIDE = r"（《「(\[", r"，。；：、）》」！？)\];", "\u2e80-\uffef"
_PIECE = re.compile(rf"\s+|[{_OPEN}]*(?:[^\s{_WIDE}]+|[{_WIDE}])[{_CLOSE}]*")
_NOTE = re.compile(r"default: |env var: |required")  # typer's own words in the brackets after an option's help


class Helped:
    """A command whose help names an argument by what it is, not by Python's type for it, in the language asked for."""

    def parse_args(self: Any, ctx: Any, args: list[str]) -> list[str]:
        if ctx.parent is None:
            ctx.meta[ARGUMENTS] = tuple(args)
            ctx.meta[ASKED] = asked(args)
            ctx.meta[LANGUAGE] = ctx.meta[ASKED] or of_locale(os.environ)
        if ctx.meta.get(LANGUAGE) == "zh":
            ctx.formatter_class = WideFormatter
        try:
            rest: list[str] = super().parse_args(ctx, args)  # type: ignore[misc]
        except typer.BadParameter as error:
            error.message = _choice(error.message)
            raise
        if ctx.meta.get(ASKED) and "lang" in ctx.params:
            ctx.params["lang"] = ctx.meta[ASKED]
        return rest

    def format_usage(self: Any, ctx: Any, formatter: Any) -> None:
        formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), _say(ctx)("Usage: "))

    def format_help_text(self: Any, ctx: Any, formatter: Any) -> None:
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(_translated(self.help or "", _say(ctx)))

    def format_options(self: Any, ctx: Any, formatter: Any) -> None:
        say = _say(ctx)
        for title, kind in (("Arguments", "argument"), ("Options", "option")):
            if found := rows(self, ctx, kind, say):
                with formatter.section(say(title)):
                    formatter.write_dl(found)
        if members := getattr(self, "commands", {}):
            with formatter.section(say("Commands")):
                formatter.write_dl([(name, say(summary(one.help))) for name, one in members.items()])


class Command(Helped, TyperCommand):
    """A command, whose options can be set in the environment as well."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        from tfq.cli import settings

        settings.name_variables(self, f"{parent.command_path} {info_name}" if parent else f"{info_name}")
        return super().make_context(info_name, args, parent, **extra)


class Group(Helped, TyperGroup):
    """A group of commands."""


def asked(args: Sequence[str]) -> str | None:
    """The language that a command line names anywhere, before or after `--help`; None: none that there is."""
    pairs = [*itertools.pairwise(args), *(arg.split("=", 1) for arg in args if "=" in arg)]
    return next((code for option, code in pairs if option == "--lang" and code in CODES), None)


def summary(text: str | None) -> str:
    """The first sentence of a help text, for lists of commands."""
    return " ".join((text or "").split("\n\n")[0].split())


def rows(command: Any, ctx: Any, kind: str, say: Say = str) -> list[tuple[str, str]]:
    """What help says of a command's arguments or options (`kind`): how each is written, and what it does."""
    found = []
    for parameter in command.get_params(ctx):
        shown = copy.copy(parameter)
        shown.help = say(parameter.help or "")
        if isinstance(default := getattr(parameter, "show_default", None), str):
            shown.show_default = say(default)
        record = shown.get_help_record(ctx)
        if record is not None and parameter.param_type_name == kind:
            name, about = record
            notes = _NOTE.sub(lambda word: say(word[0]), about[len(shown.help) :])
            several = "..." if parameter.nargs == -1 else ""
            term = f"{parameter.metavar}{several}" if kind == "argument" and parameter.metavar else name
            found.append((term, shown.help + notes))
    return found


def _choice(message: str) -> str:
    """A wrong choice as Typer tells it, without the words of its validator and with the choice that was meant."""
    told = message.removeprefix("Value error, ")
    found = re.fullmatch(r"'(.*)' is not one of (.*)\.", told, re.S)
    return told[:-1] + meant(found[1], re.findall(r"'([^']*)'", found[2])) if found else told


def _say(ctx: Any) -> Say:
    if ctx.meta.get(LANGUAGE) != "zh":
        return str
    from tfq.cli.help_zh import MESSAGES

    return lambda text: MESSAGES.get(text, text)


def _translated(text: str, say: Say) -> str:
    """A help text with its paragraphs translated and its examples as they are."""
    return "\n\n".join(part if part.startswith("\b") else say(" ".join(part.split())) for part in text.split("\n\n"))


_Formatter: Any = typer.Context.formatter_class


class WideFormatter(_Formatter):  # type: ignore[misc]
    """Lays out texts whose characters may be two columns wide and have no spaces between them."""

    def write_heading(self, heading: str) -> None:
        self.write(f"{heading}：\n")

    def write_text(self, text: str) -> None:
        indent = " " * self.current_indent
        parts = []
        for part in text.split("\n\n"):
            lines = part.splitlines()[1:] if part.startswith("\b") else wrapped(part, self.width - len(indent))
            parts.append("\n".join(indent + line for line in lines))
        self.write("\n\n".join(parts) + "\n")

    def write_dl(self, rows: Sequence[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        indent = " " * self.current_indent
        first = min(max(cells(term) for term, _ in rows), col_max) + col_spacing
        for term, about in rows:
            lines = wrapped(about, max(self.width - first - 2, 10))
            beside = cells(term) + col_spacing <= first
            start = term + " " * (first - cells(term)) if beside else f"{term}\n{indent}{' ' * first}"
            self.write(indent + start + f"\n{indent}{' ' * first}".join(lines) + "\n")


def cells(text: str) -> int:
    """Columns that a text takes on a terminal."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def wrapped(text: str, width: int) -> list[str]:
    """Lines no wider than `width` columns, save for words that are; no line starts with a closing mark."""
    lines, line = [], ""
    for piece in _pieces(text):
        if line and cells(line + piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece if line else piece.lstrip()
    return [*lines, line.rstrip()]


def _pieces(text: str) -> Iterator[str]:
    return (found[0] for found in _PIECE.finditer(text))
