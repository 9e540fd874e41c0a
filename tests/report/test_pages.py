"""Pages as text: everything is inside, nothing of a stranger runs, and every text has its Chinese."""

from __future__ import annotations

import json
import re
from importlib import resources

import pytest

from tests.report.results import HOSTILE, result
from tfq.report import many, rate
from tfq.report.catalogue_pages_zh import SCRIPT
from tfq.report.language import language
from tfq.report.many import Labels
from tfq.report.page import ClipPage, Still, clip_page

TEMPLATES = {path.name: path.read_text() for path in (resources.files("tfq.report") / "templates").iterdir()}
SAID = re.compile(r"""say\((["'])((?:(?!\1)[^\\]|\\.)*)\1\)""")


def texts(name: str) -> set[str]:
    return {found.group(2) for found in SAID.finditer(TEMPLATES[name])}


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_every_text_of_a_page_has_its_chinese(name):
    chinese = language("zh")
    said = {text: chinese(text) for text in texts(name)}
    assert {text for text, there in said.items() if text == there} <= {"90 %"}


def test_scripts_are_given_the_texts_they_say():
    assert set().union(*(texts(name) for name in TEMPLATES if name.endswith(".js"))) <= set(SCRIPT)


def test_questions_and_steps_have_their_chinese():
    chinese = language("zh")
    assert all(chinese(text) != text for _, text in (*rate.QUESTIONS, *rate._WORDS))


@pytest.fixture(params=["clip", "many", "compare", "rate"])
def page(request) -> str:
    results = [result(HOSTILE), result("b.mp4", overall=2.0)]
    labels = {many.key(HOSTILE): Labels({"overall": {"mos": 4.0, "low": 3.5, "high": 4.5}}, {}, {"generator": HOSTILE})}
    if request.param == "clip":
        weak = [{**result("")["weak_segments"][0], "reason": HOSTILE}]
        shown = result(HOSTILE, duration_s=2.0, speech_ratio=0.5, tfq=HOSTILE, weak_segments=weak, reasons={"lip_sync": weak[0]},
                       model={"name": HOSTILE, "sha256": ""}, faces={"tracks": 1, "coverage": 1.0})  # fmt: skip
        return clip_page(ClipPage(shown, {"weak": [{"text": HOSTILE}]}, [], [Still(0.1, HOSTILE, b"")]))
    if request.param == "many":
        return many.many_page(results, labels, {HOSTILE: "a.html"}, HOSTILE)
    if request.param == "compare":
        return many.compare_page([(one, one) for one in results], (HOSTILE, "b"), HOSTILE)
    return rate.rate_page([rate.Rated(HOSTILE, b"video", "video/mp4")], HOSTILE)


def test_a_hostile_name_is_text_everywhere(page):
    assert HOSTILE not in page
    assert "<img src=x" not in page
    assert page.count("</script>") == 2


def test_a_page_asks_nobody_for_anything(page):
    assert "default-src 'none'" in page
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", page)


def test_data_reads_back(page):
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S).group(1))
    assert HOSTILE in json.dumps(data, ensure_ascii=False) or many.key(HOSTILE) in json.dumps(data, ensure_ascii=False)


def test_a_difference_has_an_interval_and_says_when_there_are_too_few_pairs():
    pairs = [(result(f"{i}.mp4", overall=3.0), result(f"{i}.mp4", overall=3.5 + 0.1 * (i % 3))) for i in range(12)]
    found = many.difference(pairs, "overall")
    assert found["low"] < found["mean"] < found["high"]
    assert found["wins"] == 1.0
    assert many.difference(pairs[:2], "overall")["low"] is None


def test_pairs_are_matched_by_name_alone():
    first, second = [result("old/a.mp4"), result("old/b.mp4")], [result("new/b.webm"), result("new/c.mp4")]
    assert [(a["file"], b["file"]) for a, b in many.paired(first, second)] == [("old/b.mp4", "new/b.webm")]
