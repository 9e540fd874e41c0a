import tomllib

import pytest


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "table"), [("tfq.toml", "score"), ("pyproject.toml", "tool.tfq.score")], ids=["tfq.toml", "pyproject.toml"]
)
def test_a_flag_goes_before_the_environment_and_that_before_a_file(tfq, folder, name, table):
    (folder / name).write_text(f"[{table}]\nmax-offset-ms = 80\n")

    def effective(*args, **env):
        shown = tfq(*args, "config", "score", env=env)
        assert (shown.exit_code, shown.stderr) == (0, "")
        return shown.stdout

    assert "max-offset-ms = 80.0  # file" in effective()
    assert "max-offset-ms = 60.0  # TFQ_SCORE_MAX_OFFSET_MS" in effective(TFQ_SCORE_MAX_OFFSET_MS="60")
    assert "max-offset-ms" not in effective("--config", "/dev/null")
    assert "[default: 80;" in tfq("score", "--help").stdout


def test_an_option_is_named_in_the_environment_as_on_the_command_line(tfq, folder):
    assert 'format = "json"  # TFQ_SCORE_FORMAT' in tfq("config", "score", env={"TFQ_SCORE_FORMAT": "json"}).stdout


def test_what_is_shown_is_toml_that_sets_the_same(tfq, folder):
    (folder / "tfq.toml").write_text('jobs = 2\n[score]\nfail-under = { lip_sync = 3.5, overall = 3 }\nlang = "zh"\n')
    first = tfq("config")
    content = tomllib.loads(first.stdout)
    assert content["score"] == {"fail-under": ["lip_sync=3.5", "overall=3"], "lang": "zh", "jobs": 2}
    assert content["detect"] == {"jobs": 2}
    (folder / "tfq.toml").write_text(first.stdout)
    assert tomllib.loads(tfq("config").stdout) == content


def test_everything_shows_defaults(tfq, folder):
    content = tomllib.loads(tfq("config", "--all").stdout)
    assert content["score"]["weak-below"] == 2.5
    assert content["models"]["list"]


def test_only_files_of_the_repository_count(tfq, folder, monkeypatch):
    (folder / "tfq.toml").write_text("[score]\nmax-drop = 1\n")
    inside = folder / "repository" / "clips"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    assert "max-drop" not in tfq("config").stdout
    (folder / ".git").mkdir()
    assert "max-drop = 1.0" in tfq("config").stdout
    (inside.parent / ".git").mkdir()
    assert "max-drop" not in tfq("config").stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[score\n", "not TOML"),
        ("[scor]\n", "there is no scor; did you mean score?"),
        ("[score]\nmax-ofset-ms = 1\n", "[score] there is no max-ofset-ms; did you mean max-offset-ms?"),
        ('[score]\nmax-offset-ms = "far"\n', "[score] max-offset-ms: "),
        ("[score]\nmax-offset-ms = -1\n", "[score] max-offset-ms: "),
        ('[score]\nformat = "yaml"\n', "[score] format: "),
        ("[score]\nmax-offset-ms = [1, 2]\n", "[score] max-offset-ms: takes one value"),
        ("score = 1\n", "[score] is no table"),
    ],
)
def test_a_file_that_means_nothing_is_told_with_its_name(tfq, folder, video, text, said):
    (folder / "tfq.toml").write_text(text)
    result = tfq("score", video("clip_3.mp4"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"tfq: {folder / 'tfq.toml'}: ")
    assert said in result.stderr


def test_a_file_that_is_named_must_be_there(tfq, folder):
    result = tfq("--config", folder / "none.toml", "config")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "none.toml" in result.stderr


def test_a_command_that_is_not_there_is_usage(tfq, folder):
    assert tfq("config", "scor").exit_code == 2
