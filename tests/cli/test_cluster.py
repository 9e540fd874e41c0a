"""A real cluster of two nodes on this machine: what a node or the driver dies over is done again, and nothing twice."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.builders import h5
from tests.cli.deadly import NAME
from tests.make import Beeps, clip
from tfq.stages.index_file import load
from tfq.store import TfqFile

pytest.importorskip("ray.data", reason="Ray is not installed: pip install 'tfq[ray]'")

ROOT = Path(__file__).parents[2]
PATIENCE_S = 900  # on a busy machine; a quiet one needs a tenth
CLIPS = 12
# What Ray allows its own processes to start in is too little on a busy machine. Some of it can be set; for the rest a node is
# started by hands that wait longer for it to show up, and write down at once where its agents will be heard.
PATIENT = {
    "RAY_worker_register_timeout_seconds": str(PATIENCE_S),
    "RAY_agent_register_timeout_ms": str(1000 * PATIENCE_S),
    "RAY_gcs_server_port_wait_time_s": str(PATIENCE_S),
    "RAY_health_check_timeout_ms": "60000",
    "RAY_worker_niceness": "0",  # 15 otherwise
}
START = """
import sys, time
from ray import _raylet
from ray._private import services
from ray.scripts.scripts import main

ask, start = services.get_node, services.start_raylet

def patient(*asked):
    while True:
        try:
            return ask(*asked)
        except RuntimeError:
            time.sleep(1)

def started(*asked, **more):
    bound = {**dict(zip(start.__code__.co_varnames, asked)), **more}
    where = bound["session_dir"], bound["node_id"]
    for name in ("METRICS_AGENT", "METRICS_EXPORT", "DASHBOARD_AGENT_LISTEN"):
        _raylet.persist_port(*where, getattr(_raylet, f"{name}_PORT_NAME"), -1)
    _raylet.persist_port(*where, _raylet.RUNTIME_ENV_AGENT_PORT_NAME, int(sys.argv[-1]))
    return start(*asked, **more)

services.get_node, services.start_raylet = patient, started
main()
"""


@dataclass
class Node:
    """One `ray start --block`, which leaves when its processes do."""

    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """As if the machine had lost its power: every process at once, by its number."""
        for pid in (*_below(self.process.pid), self.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def ended(self) -> bool:
        return self.process.poll() is not None

    def decodes(self) -> bool:
        """Whether a worker of this node is at work on a video."""
        return any("tfq.media.child" in _command(pid) for pid in _below(self.process.pid))


@dataclass
class Cluster:
    """`address` is of the head; each node has one processor."""

    address: str
    folder: Path
    nodes: list[Node]

    def add(self, *words: str) -> Node:
        command = [
            sys.executable, "-c", START, "start", *words, "--block", "--num-cpus", "1",
            "--object-store-memory", "100000000", "--disable-usage-stats",
            "--runtime-env-agent-port", str(_free_port()),
        ]  # fmt: skip
        environment = {**os.environ, **PATIENT, "PYTHONPATH": str(ROOT)}
        log = self.folder / f"node{len(self.nodes)}.log"
        with log.open("wb") as told:
            node = Node(subprocess.Popen(command, env=environment, stdout=told, stderr=told))
        self.nodes.append(node)
        _until(lambda: b"Ray runtime started" in log.read_bytes() or node.ended(), "a node")
        assert not node.ended(), log.read_text()
        return node


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="ray", dir="/tmp"))  # a socket's path is short
    port = _free_port()
    made = Cluster(f"127.0.0.1:{port}", folder, [])
    try:
        made.add(
            "--head", "--node-ip-address", "127.0.0.1", "--port", str(port),
            "--include-dashboard=false", "--temp-dir", str(folder / "t"),
        )  # fmt: skip
        yield made
    finally:
        for node in made.nodes:
            node.kill()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list of clips, one of which is none."""
    folder = tmp_path_factory.mktemp("clips")
    first = clip(folder / "clip0.mp4", duration_s=4, sound=Beeps())
    for number in range(1, CLIPS):
        shutil.copy(first, folder / f"clip{number}.mp4")
    (folder / "bad.mp4").write_text("not a video")
    listed = folder / "list.txt"
    listed.write_text("".join(f"{path}\n" for path in sorted(folder.glob("*.mp4"))))
    return listed


def test_a_node_that_dies_costs_nothing_but_time(cluster: Cluster, names: Path, tmp_path: Path) -> None:
    second = cluster.add("--address", cluster.address)
    out = tmp_path / "out"
    driver = _start(cluster, names, out)
    _until(lambda: len(_made(out)) >= 3 and second.decodes(), "work on the second node", driver)
    assert len(_made(out)) < CLIPS
    second.kill()
    printed, told = driver.communicate(timeout=PATIENCE_S)
    assert driver.returncode == 5, told
    assert "bad.mp4: not a video" in told
    assert f"{CLIPS} of {CLIPS + 1} files are in order" in told
    assert sorted(printed.splitlines()) == sorted(map(str, _made(out)))
    assert len(_made(out)) == CLIPS
    _whole(out)


def test_a_killed_driver_leaves_what_is_done_and_a_rerun_ends_it(cluster: Cluster, names: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    driver = _start(cluster, names, out)
    _until(lambda: len(_made(out)) >= 3, "some files", driver)
    driver.kill()
    driver.communicate()
    _until(lambda: not any(node.decodes() for node in cluster.nodes), "the workers of the dead driver to leave")
    before = {path: path.stat().st_mtime_ns for path in _made(out)}
    assert 3 <= len(before) < CLIPS
    again = _start(cluster, names, out)
    printed, told = again.communicate(timeout=PATIENCE_S)
    assert again.returncode == 5, told
    assert len(printed.splitlines()) == len(_made(out)) == CLIPS
    assert {path: path.stat().st_mtime_ns for path in before} == before
    _whole(out)


def test_a_file_that_kills_every_worker_fails_alone(cluster: Cluster, names: Path, tmp_path: Path) -> None:
    clips = [tmp_path / name for name in ("a.mp4", NAME, "b.mp4", "c.mp4")]
    for path in clips:
        shutil.copy(names.parent / "clip0.mp4", path)
    command = [sys.executable, "-m", "tests.cli.deadly", cluster.address, tmp_path / "out", *clips]
    ran = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=PATIENCE_S, check=False)
    assert ran.returncode == 5, ran.stderr
    assert f"{NAME}: every worker that took it was killed" in ran.stderr
    assert "3 of 4 files are in order" in ran.stderr
    assert sorted(ran.stdout.split()) == [f"{tmp_path}/out/{name}.h5" for name in "abc"]


def test_an_index_read_by_the_cluster_is_the_one_read_here(cluster: Cluster, tmp_path: Path) -> None:
    for number in range(20):
        h5(tmp_path / f"{number}.h5", seed=number)
    (tmp_path / "broken.h5").write_bytes(b"no HDF5")
    told = []
    for extra in ([], ["--ray", cluster.address]):
        command = [sys.executable, "-m", "tfq", "index", "-o", f"{len(extra)}.jsonl", *extra]
        files = [path.name for path in tmp_path.glob("*.h5")]
        subprocess.run([*command, *files], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)
        header, rows = load(tmp_path / f"{len(extra)}.jsonl")
        told.append(({**header, "created": ""}, rows))
    assert told[0] == told[1]
    assert told[0][0]["dropped"] == {"unreadable": 1}


def test_no_cluster_is_usage(names: Path) -> None:
    ran = _start(Cluster("127.0.0.1:1", Path(), []), names, names.parent / "none")
    assert ran.communicate(timeout=PATIENCE_S)[0] == ""
    assert ran.returncode == 2


def _start(cluster: Cluster, names: Path, out: Path) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "tfq",
        "extract",
        "--ray",
        cluster.address,
        "--files-from",
        names,
        "--out-dir",
        out,
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command, cwd=out.parent, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def _made(out: Path) -> list[Path]:
    return [path for path in out.glob("*.h5") if not path.name.startswith(".")]


def _whole(out: Path) -> None:
    """Every file can be read to its end, and nothing else lies there."""
    for path in _made(out):
        with TfqFile(path, read_only=True) as file:
            assert file.status("extract") == "ok"
            assert len(file.array("extract/source")) == file.attrs["source_size"]
    assert {path.name for path in out.iterdir()} == {f"clip{number}.h5" for number in range(CLIPS)}


def _until(true: Callable[[], object], what: str, driver: subprocess.Popen[str] | None = None) -> None:
    begun = time.monotonic()
    while not true():
        if driver is not None and driver.poll() is not None:
            pytest.fail(f"the driver ended before {what}: {driver.communicate()}")
        assert time.monotonic() - begun < PATIENCE_S, f"waited too long for {what}"
        time.sleep(0.02)


def _free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def _below(pid: int) -> list[int]:
    """Processes that descend from this one."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found = [pid]
    for one in found:
        found.extend(child for child, parent in parents.items() if parent == one)
    return found[1:]


def _command(pid: int) -> str:
    with contextlib.suppress(OSError):
        return re.sub("\0", " ", Path(f"/proc/{pid}/cmdline").read_text())
    return ""
