"""What `tfq --version` prints, and with `--verbose` what a bug report needs."""

from __future__ import annotations

import locale
import os
import platform
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path


def short() -> str:
    """Name and version."""
    return f"tfq {version('tfq')}"


def long(file: Path | None) -> str:
    """A line a fact; `file` is the configuration that is read."""
    return "\n".join([short(), *(f"{name + ':':<15}{value}" for name, value in _facts(file))])


def _facts(file: Path | None) -> Iterator[tuple[str, str]]:
    from tfq.models import own
    from tfq.models.registry import WEIGHTS
    from tfq.models.weights import cache, where

    yield "installed in", str(Path(__file__).parents[1])
    yield "python", f"{platform.python_version()} ({sys.executable})"
    yield "system", f"{platform.platform()}, {platform.machine()}, {os.cpu_count()} processors{_extensions()}"
    language, encoding = locale.getlocale()
    yield "locale", f"{language or 'C'}, {encoding or sys.getfilesystemencoding()}"
    yield "configuration", str(file or "no file")
    yield "environment", ", ".join(sorted(name for name in os.environ if name.startswith("TFQ_"))) or "no TFQ_ variable"
    yield "packages", ", ".join(dict.fromkeys(_packages()))
    yield "models in", str(cache())
    there = {name: where(name, None) is not None for name in WEIGHTS}
    yield "models there", ", ".join(name for name, found in there.items() if found) or "none"
    yield "missing", ", ".join(name for name, row in WEIGHTS.items() if row.default and not there[name]) or "none"
    for name in own.FILES:
        yield name, own.sha(name)


def _packages() -> Iterator[str]:
    """Each package that tfq asks for and that is installed, with its version; those of extras where they are there."""
    for needed in requires("tfq") or ():
        found = re.match(r"[\w.-]+", needed)
        try:
            yield f"{found[0]} {version(found[0])}" if found else needed
        except PackageNotFoundError:
            if "extra ==" not in needed:
                yield f"{needed} IS MISSING"


def _extensions() -> str:
    """Which vector units the processor has, where the system tells: scores differ a little without AVX."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    known = [name for name in ("avx", "avx2", "avx512f", "asimd") if re.search(rf"\b{name}\b", flags)]
    return f", {' '.join(known)}" if known else ""
