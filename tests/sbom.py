"""What tfq is made of, as CycloneDX JSON: `python -m tests.sbom > sbom.json`, in the environment to be described.

Packages that tfq needs, with their licences, and every file of weights, with its SHA-256. With `--lock requirements.lock` the
status is 1 where a package that the lock names is installed in another version.
"""

from __future__ import annotations

import argparse
import json
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from tfq.models import own
from tfq.models.packages import Package, installed, normal
from tfq.models.registry import WEIGHTS


def document() -> dict[str, Any]:
    """The whole bill of materials."""
    packages = installed()
    root = Package("tfq", version("tfq"), "Apache-2.0", tuple(one.name for one in packages))
    weights = [_weights(name, row.licence, row.sha256, row.file) for name, row in WEIGHTS.items()]
    brought = [_weights(name, "Apache-2.0", own.sha(name), file) for name, file in own.FILES.items()]
    known = {one.name: _reference(one) for one in packages}
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {**_package(root), "type": "application"}},
        "components": [*map(_package, packages), *weights, *brought],
        "dependencies": [
            {"ref": _reference(one), "dependsOn": sorted(known[name] for name in one.needs if name in known)}
            for one in (root, *packages)
        ],
    }


def _package(one: Package) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": _reference(one),
        "name": one.name,
        "version": one.version,
        "purl": _reference(one),
        "licenses": [{"license": {"name": one.licence}}],
    }


def _reference(one: Package) -> str:
    return f"pkg:pypi/{one.name}@{one.version.replace('+', '%2B')}"


def _weights(name: str, licence: str, sha256: str, file: str) -> dict[str, Any]:
    return {
        "type": "machine-learning-model",
        "bom-ref": f"weights:{name}",
        "name": name,
        "description": file,
        "hashes": [{"alg": "SHA-256", "content": sha256}],
        "licenses": [{"license": {"name": licence}}],
    }


def locked(path: Path) -> dict[str, list[Requirement]]:
    """What a lock pins, by package: one requirement for each kind of machine that differs."""
    found: dict[str, list[Requirement]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith((" ", "#")):
            pinned = Requirement(line.rstrip("\\ "))
            found.setdefault(normal(pinned.name), []).append(pinned)
    return found


def differing(path: Path) -> list[str]:
    """Packages that are installed in another version than the lock names for this machine."""
    wrong = []
    for pins in locked(path).values():
        for pin in pins:
            if pin.marker is None or pin.marker.evaluate():
                try:
                    held = version(pin.name)
                except PackageNotFoundError:
                    held = "nothing"
                if held == "nothing" or not pin.specifier.contains(held, prereleases=True):
                    wrong.append(f"{pin.name}: {held} is installed, {pin.specifier} is locked")
    return wrong


def main() -> int:
    """Print the document; complain of what the lock does not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.sbom", description=__doc__.partition("\n")[0])
    parser.add_argument("--lock", type=Path)
    given = parser.parse_args()
    print(json.dumps(document(), indent=1))
    wrong = differing(given.lock) if given.lock else []
    for line in wrong:
        print(line, file=sys.stderr)
    return int(bool(wrong))


if __name__ == "__main__":
    raise SystemExit(main())
