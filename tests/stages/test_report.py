import numpy as np

from tests.builders import h5
from tfq.config import DIMENSIONS
from tfq.stages import report
from tfq.store import Stamp, TfqFile


def test_a_page_of_thirty_seconds_stays_under_five_megabytes_whatever_is_shown(tmp_path, monkeypatch):
    frames, generator = 750, np.random.default_rng(0)
    noise = generator.integers(0, 256, (4, 270, 480, 3), np.uint8)  # nothing is harder to code

    def shown(source, pictures):
        yield from ((int(i), noise[i % 4]) for i in pictures)

    monkeypatch.setattr(report, "open_source", lambda file: None)
    monkeypatch.setattr(report, "frames", shown)
    with TfqFile(h5(tmp_path / "a.h5", frames=frames), durable=False) as file:
        weak = [
            {"start_s": i * 2.0, "end_s": i * 2.0 + 1, "dimension": "expression", "mos": 2.0, "reason": "the model's judgement",
             "evidence": {}, "worst_frame_s": i * 2.0, "box_px": [10, 10, 50, 50]}
            for i in range(14)
        ]  # fmt: skip
        with file.replacing("score", Stamp("score", 1)) as group:
            group.put("scores", np.full((len(DIMENSIONS), 3), 3.0))
            group.put("over_time", generator.uniform(1, 5, (frames, len(DIMENSIONS))))
            group.put("valid", np.ones(frames, bool))
            group.info = {"model": {"name": "m", "sha256": ""}, "unjudged": {}, "reasons": {}, "weak_segments": weak}
        report.report(file, tmp_path / "a.html", "a.mp4")
    page = (tmp_path / "a.html").read_text()
    assert "data:video/mp4" in page
    assert 1_000_000 < len(page.encode()) < 5_000_000
