"""Pages in a real browser: no error, and what is clicked does what it says. Skipped where no Chromium is installed."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.make import Beeps, clip
from tests.report.results import HOSTILE, result
from tfq.config import DIMENSIONS
from tfq.report import evaluation, many, overlay, rate
from tfq.report.page import ClipPage, address, clip_page
from tfq.stages.tables import read_ratings

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


def driven(folder: Path, page: str, script: str) -> str:
    """Open a page, run a script in it that ends with `done(value)`, and return that value; errors fail the test."""
    driver = """<script>
window.addEventListener("error", (event) => done({ error: event.message }));
window.addEventListener("unhandledrejection", (event) => done({ error: String(event.reason) }));
let failed = false;
function done(value) {
  if (failed) return;  // what went wrong first must not be lost under what went on
  failed = "error" in Object(value);
  document.title = "said:" + JSON.stringify(value);
}
</script>"""
    path = folder / "page.html"
    path.write_text(
        page.replace("<head>", f"<head>{driver}", 1).replace("</body>", f"<script>{{{script}}}</script></body>")
    )
    said = subprocess.run(
        [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required",
         f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=20000", "--dump-dom", path.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    title = re.search(r"<title>said:(.*?)</title>", said.stdout, re.S)
    assert title, said.stderr[-500:]
    value = json.loads(html.unescape(title.group(1)))
    assert "error" not in value, value
    return value


def drawn(weak: list[dict]) -> dict:
    """What a page of two seconds draws."""
    sound = np.sin(np.arange(32000, dtype=np.float32))
    points = np.random.default_rng(0).uniform(0, 60, (50, 478, 2))
    return {
        "duration_s": 2.0, "fps": 25, "width": 64, "label": "over time", "weak": [{**one, "text": HOSTILE} for one in weak],
        "wave": overlay.wave(sound), "speech": [[0.2, 1.0]], "spectrogram": "data:image/png;base64,",
        "lines": [{"title": "mouth opening", "values": [0.1, None, 0.3], "low": 0.0, "high": 1.0}],
        "scores": [{"name": "overall", "title": "Overall", "colour": 5, "values": [3.0, None, 4.0]}],
        "points": overlay.landmarks(points), "boxes": overlay.boxes(np.full((50, 4), np.nan)), "outlines": overlay.OUTLINES,
    }  # fmt: skip


def test_the_page_of_many_clips_sorts_and_filters(tmp_path):
    results = [
        result(HOSTILE, overall=4.0),
        result("b.mp4", overall=2.0),
        result("c.mp4", overall=3.0, weak_segments=[]),
    ]
    found = driven(
        tmp_path,
        many.many_page(results, {}, {}, "set"),
        """
const names = () => [...document.querySelectorAll("#clips tbody tr")].map((row) => row.cells[0].textContent);
const overall = [...document.querySelectorAll("#clips th button")].find((one) => one.textContent.startsWith("overall"));
const rising = names(); overall.click(); const falling = names();
const type = (id, value) => { const field = document.querySelector(id); field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true })); };
type("#most", "3.2"); const bad = names(); type("#most", "5");
document.querySelector("#weak").click(); const weak = names();
done({ rising, falling, bad, weak, pictures: document.images.length });
""",
    )
    assert found["rising"] == ["b.mp4", "c.mp4", HOSTILE]
    assert found["falling"] == found["rising"][::-1]
    assert sorted(found["bad"]) == ["b.mp4", "c.mp4"]
    assert sorted(found["weak"]) == sorted([HOSTILE, "b.mp4"])
    assert found["pictures"] == 0


def test_the_page_that_compares_shows_every_pair(tmp_path):
    pairs = [(result(f"{i}.mp4", overall=3.0), result(f"{i}.mp4", overall=3.5)) for i in range(5)]
    found = driven(
        tmp_path,
        many.compare_page(pairs, ("old", "new"), "old / new"),
        """done({ rows: document.querySelectorAll("#clips tbody tr").length,
verdicts: [...document.querySelectorAll("#differences tbody td:last-child")].map((one) => one.textContent) });""",
    )
    assert found["rows"] == 5
    assert set(found["verdicts"]) == {"B is better"}


def test_weak_segments_move_the_player_and_keys_step_through_them(tmp_path):
    weak = [
        {**result("a.mp4")["weak_segments"][0], "start_s": at, "end_s": at + 0.3, "worst_frame_s": at + 0.1}
        for at in (0.4, 1.2)
    ]
    judged = result("a.mp4", duration_s=2.0, weak_segments=weak, speech_ratio=0.5, tfq="0", model={"name": "m", "sha256": ""},
                    faces={"tracks": 1, "coverage": 1.0})  # fmt: skip
    video = address("video/mp4", clip(tmp_path / "clip.mp4", sound=Beeps()).read_bytes())
    found = driven(
        tmp_path,
        clip_page(ClipPage(judged, drawn(weak), [], [], video)),
        """
const at = [];
const key = (name) => document.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true }));
video.addEventListener("loadeddata", () => {
  document.querySelectorAll("[data-weak]")[1].click(); at.push(video.currentTime);
  key("n"); at.push(video.currentTime); key("p"); at.push(video.currentTime);
  document.querySelector("#landmarks").click();
  done({ at, pressed: document.querySelector("#landmarks").getAttribute("aria-pressed"),
    curves: document.querySelectorAll("#axis path").length });
});
""",
    )
    assert found["at"] == pytest.approx([1.32, 0.52, 1.32], abs=0.02)
    assert found["pressed"] == "false"
    assert found["curves"] >= 3


def test_a_page_opens_at_the_segment_that_was_asked_for(tmp_path):
    """`tfq report --at`, and `#at=` in the address: the nearest worst frame of those around that moment."""
    pieces = [("lip_sync", 0.0, 1.8, 1.0), ("expression", 0.2, 1.6, 1.4)]
    weak = [
        {
            **result("a.mp4")["weak_segments"][0],
            "dimension": name,
            "start_s": start,
            "end_s": end,
            "worst_frame_s": worst,
        }
        for name, start, end, worst in pieces
    ]
    video = address("video/mp4", clip(tmp_path / "clip.mp4", sound=Beeps()).read_bytes())
    judged = result("a.mp4", duration_s=2.0, weak_segments=weak, speech_ratio=0.5, tfq="0", model={"name": "m", "sha256": ""},
                    faces={"tracks": 1, "coverage": 1.0})  # fmt: skip
    found = driven(
        tmp_path,
        clip_page(ClipPage(judged, {**drawn(weak), "at": 1.4}, [], [], video)),
        """
const chosen = () => all("[data-weak]").findIndex((one) => one.getAttribute("aria-current") === "true");
const said = [];
video.addEventListener("loadeddata", () => {
  said.push(chosen(), video.currentTime);
  location.hash = "#at=1.00";
  setTimeout(() => {
    said.push(chosen(), video.currentTime);
    location.hash = "#at=1.92";
    setTimeout(() => done([...said, video.currentTime]), 200);
  }, 200);
});
""",
    )
    assert found == [1, pytest.approx(1.42, abs=0.01), 0, pytest.approx(1.02, abs=0.01), pytest.approx(1.94, abs=0.01)]


def test_from_rating_to_mean_opinions(tmp_path):
    content = clip(tmp_path / "clip.mp4", sound=Beeps()).read_bytes()
    clips = [rate.Rated(f"{i}.mp4", content + bytes([i]), "video/mp4", training=i == 0) for i in range(3)]
    found = driven(
        tmp_path,
        rate.rate_page(clips, "rate"),
        """
const click = (id) => document.querySelector(id).click();
const given = { anna: { "1.mp4": 4, "2.mp4": 2 }, bo: { "1.mp4": 3, "2.mp4": 1 }, careless: { "1.mp4": 5, "2.mp4": 3 } };
const said = [], orders = {}, summaries = {};
let blocked = true;
for (const [rater, scores] of Object.entries(given)) {
  document.querySelector("#rater").value = rater;
  document.querySelector("#begin").requestSubmit();
  blocked &&= document.querySelector("#next").disabled;
  orders[rater] = sequence.filter((item) => item.kind === "clip").map((item) => data.clips[item.clip].file);
  for (let i = 0; i < 9 && !document.querySelector("#rating").hidden; i += 1) {
    const check = document.querySelector("#check"), file = data.clips[sequence[state.at].clip].file;
    const asked = check.hidden || rater === "careless" ? scores[file] ?? 1 : Number(check.textContent.match(/\\d/)[0]);
    for (const one of document.querySelectorAll(`#scores input[value="${asked}"]`)) one.click();
    if (file === "2.mp4" && rater === "anna") { click("#from"); click("#to");
      document.querySelector("#text").value = 'odd, "quoted"'; click("#add"); }
    video.dispatchEvent(new Event("ended"));
    document.querySelector("#scores").requestSubmit();
  }
  summaries[rater] = document.querySelector("#summary").textContent;
  said.push(csv());
  click("#again");
}
done({ blocked, said, orders, summaries });
""",
    )
    assert found["blocked"]
    assert all(sorted(order) == ["1.mp4", "2.mp4"] for order in found["orders"].values())
    assert "1 of 1" in found["summaries"]["anna"]
    assert "0 of 1" in found["summaries"]["careless"]
    head, _, first = found["said"][0].partition("\n")
    table = tmp_path / "ratings.csv"
    table.write_text(f"{head}\n" + first + "".join(said.partition("\n")[2] for said in found["said"][1:]))
    labels, _ = read_ratings(table).labels()
    assert sorted(labels) == ["1.mp4", "2.mp4"]  # practice does not count
    for name, mean in (("1.mp4", 4.0), ("2.mp4", 2.0)):
        assert labels[name]["labels"] == pytest.approx(dict.fromkeys(labels[name]["labels"], mean), abs=0.01)
        opinion = labels[name]["ratings"]["overall"]
        assert opinion["raters"] == 3
        assert opinion["low"] < mean < opinion["high"]
    assert labels["2.mp4"]["marks"][0]["text"] == 'odd, "quoted"'


def test_the_page_of_an_evaluation_changes_models(tmp_path):
    points, parts = [[1, 2, 1, 3], [3, 3, 2, 4], [5, 4, 3, 5]], {"generator": {}, "language": {}, "kind": {}}
    row = {"clips": 3, "points": points, "parts": parts, "reliability": [{"width": 1, "clips": 3, "holds": 0.9}]}
    first = {
        "name": "a",
        "dimensions": dict.fromkeys(DIMENSIONS, row),
        "between": np.eye(6).tolist(),
        "localisation": {},
    }
    second = {**first, "name": "b", "dimensions": {d: {**row, "points": points[:2]} for d in DIMENSIONS}}
    made = {"models": [first, second], "differences": [], "indicators": {}}
    found = driven(
        tmp_path,
        evaluation.page(made, "worth"),
        """
const shown = () => document.querySelector("#scatters figcaption").textContent;
const before = shown();
find("#model").value = "1";
find("#model").dispatchEvent(new Event("input"));
done([before, shown(), document.querySelectorAll("#reliability svg").length]);
""",
    )
    assert found == ["Lip sync (3)", "Lip sync (2)", 6]
