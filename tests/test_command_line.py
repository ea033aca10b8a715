"""The command line as people and programs use it, on texts so small that training takes a moment."""

import io
import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from model import __main__ as command_line
from model.checkpoint.versions import Versions, load
from model.cli import options
from model.cli.figures import ROWS
from model.cli.training import display, duration
from model.text import sources
from model.text.corpus import read_names

ROOT = Path(__file__).parents[1]
ENDLESS = ("--epochs", "1000000", "--hidden-size", "8")
SMALL = ("--epochs", "2", "--hidden-size", "8", "--layers", "1")
NAMES = "".join(
    f"{first}{second}saurus\n" for first in ("mango", "kiwi", "fico", "lemo") for second in ("", "no", "ra")
)
POEMS = "\n\n".join(f"a {fruit} is a day,\nand every {fruit} is sweet.\n" for fruit in ("mango", "fig", "plum"))


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command_line.app, [str(argument) for argument in arguments])


def run_well(*arguments: str | Path) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def unwrapped(box: str) -> str:
    return " ".join(box.replace("│", " ").split())


def events_of(lines: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.splitlines()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two small texts, and the weights trained on each."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "names.txt").write_text(NAMES)
    (folder / "poems.txt").write_text(POEMS)
    run_well("train", "dino", "--corpus", folder / "names.txt", "--out", folder / "dino.safetensors", *SMALL)
    run_well("train", "poem", "--corpus", folder / "poems.txt", "--out", folder / "poem.safetensors", *SMALL)
    return folder


def test_help_lists_every_command_with_an_example() -> None:
    overview = run_well("--help")
    for command in ("fetch", "train", "sample", "evaluate", "compare", "island", "plot"):
        assert command in overview
        assert f"Example: python -m model {command}" in " ".join(run_well(command, "--help").split())


class TestTrain:
    def test_prints_its_events_as_json(self, folder: Path, tmp_path: Path) -> None:
        out = tmp_path / "new" / "dino.safetensors"
        stdout = run_well("train", "dino", "--corpus", folder / "names.txt", "--out", out, "--json", *SMALL)
        started, *between, finished = events_of(stdout)
        checkpoint = load(out)
        assert (started["event"], started["form"], started["recipe"]) == ("started", "names", "names")
        assert started["corpus"] == checkpoint.description.corpus
        assert started["parameters"] == sum(p.size for p in checkpoint.language_model.parameters.values())
        progress = [event for event in between if event["event"] == "progress"]
        assert progress[-1]["fraction"] == pytest.approx(1)
        assert progress[-1]["best_held_out_loss"] == pytest.approx(finished["held_out_loss"])
        assert {"step", "epoch", "stage", "training_loss", "gradient_norm", "clipped_gradient_norm"} <= set(progress[0])
        assert finished["event"] == "finished"
        assert (finished["out"], finished["version"]) == (str(out), checkpoint.version)
        assert finished["held_out_loss"] == checkpoint.description.held_out_loss
        assert not out.with_name(out.name + ".partial").exists()

    def test_the_log_beside_the_weights_holds_the_same_events(self, folder: Path, tmp_path: Path) -> None:
        out = tmp_path / "dino.safetensors"
        stdout = run_well("train", "dino", "--corpus", folder / "names.txt", "--out", out, "--json", *SMALL)
        assert out.with_suffix(".jsonl").read_text() == stdout

    def test_is_the_same_for_the_same_seed(self, folder: Path, tmp_path: Path) -> None:
        versions = []
        for seed in ("3", "3", "4"):
            out = tmp_path / "dino.safetensors"
            run_well("train", "dino", "--corpus", folder / "names.txt", "--out", out, "--seed", seed, *SMALL)
            versions.append(load(out).language_model.parameters["w_y"].tobytes())
        assert versions[0] == versions[1] != versions[2]

    def test_without_out_an_own_text_never_adds_a_version(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(options, "CHECKPOINTS", tmp_path / "checkpoints")
        (tmp_path / "my names.txt").write_text(NAMES)
        result = run("train", "dino", "--corpus", tmp_path / "my names.txt", *SMALL)
        out = tmp_path / "my names.safetensors"
        assert f"The weights go beside the text: {out}." in result.stderr
        assert f"sample dino --checkpoint '{out}'" in result.stdout
        assert load(out).description.recipe == "names"
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            "my names.jsonl",
            "my names.safetensors",
            "my names.txt",
        ]

    def test_a_gru_learns_goes_on_and_is_drawn_from(self, folder: Path, tmp_path: Path) -> None:
        out, more = tmp_path / "dino.safetensors", tmp_path / "more.safetensors"
        arguments = ("train", "dino", "--corpus", folder / "names.txt", "--out")
        run_well(*arguments, out, "--cell", "gru", *SMALL, "--layers", "2")
        architecture = load(out).language_model.architecture
        assert (architecture.cell, architecture.layers) == ("gru", 2)
        run_well(*arguments, more, "--from", out)
        assert load(more).language_model.architecture == architecture
        assert len(run_well("sample", "dino", "--count", "3", "--checkpoint", out).split()) == 3

    def test_without_out_it_adds_a_version_and_promotes_it_only_with_promote(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The project's names are few here."""
        monkeypatch.setattr(options, "CHECKPOINTS", tmp_path)
        monkeypatch.setattr(sources, "names_corpus", lambda: read_names(folder / "names.txt"))
        versions = Versions(tmp_path / "dino")
        stdout = run_well("train", "dino", *SMALL)
        (added,) = versions.list()
        assert f"sample dino --checkpoint {versions.path(added)}" in stdout
        assert not (versions.directory / "current").exists()
        run_well("train", "dino", "--promote", "--seed", "1", *SMALL)
        assert versions.current() != added
        assert sorted(path.suffix for path in versions.directory.iterdir()) == sorted(
            ["", ".jsonl", ".jsonl", ".safetensors", ".safetensors"]
        )
        assert len(run_well("sample", "dino", "--count", "2").split()) == 2

    def test_goes_on_from_weights(self, folder: Path, tmp_path: Path) -> None:
        out, start = tmp_path / "more.safetensors", folder / "dino.safetensors"
        arguments = ("--corpus", folder / "names.txt", "--out", out, "--from", start, "--json")
        started, *_, finished = events_of(run_well("train", "dino", *arguments))
        assert started["start_loss"] == pytest.approx(load(start).description.held_out_loss)
        assert finished["held_out_loss"] <= started["start_loss"]
        assert finished["early"] is False
        assert load(out).language_model.architecture == load(start).language_model.architecture
        refused = run("train", "poem", "--corpus", folder / "poems.txt", "--out", out, "--from", start)
        assert "these weights write names" in refused.stderr

    def test_a_network_learns_from_teachers_that_were_trained_before(self, folder: Path, tmp_path: Path) -> None:
        on_names = ("train", "dino", "--corpus", folder / "names.txt", "--hidden-size", "8")
        teachers = [tmp_path / f"teacher-{number}.safetensors" for number in (1, 2)]
        for number, teacher in enumerate(teachers, 1):
            name = f"teacher-{number}"
            run_well(*on_names, "--epochs", "1", "--recipe", name, "--seed", str(number), "--out", teacher)
            assert (load(teacher).description.recipe, load(teacher).description.seed) == (name, number)
        options = [option for teacher in teachers for option in ("--teacher", teacher)]
        out = tmp_path / "distilled.safetensors"
        stdout = run_well(*on_names, "--minutes", "0.01", "--recipe", "distilled", *options, "--out", out, "--json")
        stages = [event["stage"] for event in events_of(stdout) if event["event"] == "progress"]
        assert list(dict.fromkeys(stages)) == ["pretrain", "distil"]
        assert load(out).language_model.architecture.cell == "rnn"
        refused = run(*on_names, "--recipe", "distilled", "--out", out)
        assert "the recipe 'distilled' learns from teachers; name their weights with --teacher" in refused.stderr

    def test_a_signal_finishes_it_early(self, folder: Path, tmp_path: Path) -> None:
        out = tmp_path / "dino.safetensors"
        arguments = ["--corpus", str(folder / "names.txt"), "--out", str(out), *ENDLESS]
        _, finished = train_until_progress_then(signal.SIGUSR1, arguments, code=0)
        assert (finished["event"], finished["early"]) == ("finished", True)
        assert load(out).description.held_out_loss == finished["held_out_loss"]
        assert not Path(f"{out}.partial").exists()

    def test_a_failure_is_an_event_too(self, tmp_path: Path) -> None:
        result = run("train", "dino", "--corpus", tmp_path / "absent.txt", "--out", tmp_path / "x", "--json")
        assert result.exit_code == 1
        (failed,) = events_of(result.stdout)
        assert failed["event"] == "failed"
        assert "absent.txt" in failed["error"]
        assert failed["error"] in result.stderr

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_a_training_stopped_by_a_signal_is_resumed_by_the_same_command(
        self, folder: Path, tmp_path: Path, number: signal.Signals
    ) -> None:
        out = tmp_path / "dino.safetensors"
        arguments = ["--corpus", str(folder / "names.txt"), "--out", str(out), *ENDLESS]
        started, stopped = train_until_progress_then(number, arguments)
        assert not started["resumed"]
        assert stopped == {"event": "stopped", "snapshot": f"{out}.partial"}
        assert Path(stopped["snapshot"]).exists()
        assert not out.exists()
        log = out.with_suffix(".jsonl").read_text()
        started, _ = train_until_progress_then(number, arguments)
        assert started["resumed"]
        assert out.with_suffix(".jsonl").read_text().startswith(log)

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (["dino", "--minutes", "1", "--epochs", "1"], "not both"),
            (["dino", "--promote", "--out", "x"], "--out"),
            (["dino", "--promote", "--corpus", "x"], "--corpus"),
            (["dino", "--corpus", "a", "--corpus", "b"], "one file"),
            (["dino", "--epochs", "0"], "--epochs"),
            (["dino", "--from", "x", "--hidden-size", "8"], "--hidden-size"),
            (["poem", "--from", "x", "--layers", "1"], "--layers"),
            (["dino", "--from", "x", "--teacher", "y"], "--teacher"),
            (["dino", "--recipe", "dodo"], "dodo"),
            (["dino", "--reading", "x"], "--reading"),
            (["poem", "--corpus", "x", "--reading", "y"], "--reading"),
            (["poem", "--recipe", "poem", "--reading", "y"], "--reading"),
            (["dodo"], "dodo"),
            (["sonnet"], "'sonnet' is not known; choose dino, poem"),
            ([], "missing argument"),
        ],
    )
    def test_impossible_options_are_refused(self, arguments: list[str], sentence: str) -> None:
        result = run("train", *arguments)
        assert result.exit_code == 2
        assert sentence in unwrapped(result.stderr.lower())

    def test_the_command_to_try_can_be_pasted(self, folder: Path, tmp_path: Path) -> None:
        out = tmp_path / "my cheeses.safetensors"
        stdout = run_well("train", "names", "--corpus", folder / "names.txt", "--out", out, *SMALL)
        assert stdout.endswith(f"Try it: python -m model sample names --checkpoint '{out}'\n")

    @pytest.mark.parametrize(
        ("out", "corpus", "reason"),
        [
            pytest.param("own.txt", "own.txt", "overwrite this text", id="weights over the text"),
            pytest.param("own.safetensors", "own.jsonl", "overwrite this text", id="log over the text"),
            pytest.param("dinos.txt", None, "overwrite this text", id="weights over the project's names"),
            pytest.param(
                "../data/sonnets.txt", "own.txt", "overwrite this text", id="weights over the project's verse"
            ),
            pytest.param("../data", "own.txt", "is a folder", id="a folder"),
        ],
    )
    def test_no_text_is_overwritten(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, out: str, corpus: str | None, reason: str
    ) -> None:
        data = tmp_path / "data"
        data.mkdir()
        texts = [data / name for name in ("dinos.txt", "own.jsonl", "own.txt", "sonnets.txt")]
        for text in texts:
            text.write_text(NAMES)
        monkeypatch.setattr(sources, "DATA", data)
        option = ("--corpus", data / corpus) if corpus else ()
        result = run("train", "dino", "--epochs", "1", "--out", data / out, *option)
        assert result.exit_code == 1
        assert reason in result.stderr
        assert [text.read_text() for text in texts] == [NAMES] * len(texts)
        assert sorted(data.iterdir()) == texts


def train_until_progress_then(
    number: signal.Signals, arguments: list[str], code: int = 130
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Train in a child process, signal it at its first progress, and return its first and last events."""
    command = [sys.executable, "-m", "model", "train", "dino", "--json", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        first = json.loads(child.stdout.readline())
        child.stdout.readline()
        child.send_signal(number)
        last = events_of(child.stdout.read())[-1]
    assert child.returncode == code
    return first, last


class TestSample:
    def test_names_and_verse_are_words_for_lists_that_are_no_dinosaurs(self, folder: Path) -> None:
        for word, other, seed in (("names", "dino", "1"), ("Verse", "poem", "2")):
            weights = ("--checkpoint", folder / f"{other}.safetensors", "--seed", seed)
            assert run_well("sample", word, *weights) == run_well("sample", other, *weights)

    @pytest.mark.parametrize(
        ("word", "hint"),
        [("dnio", "do you mean dino?"), ("sonet", "do you mean sonnet?"), ("name", "do you mean names?")],
    )
    def test_a_slip_is_answered_with_the_word_that_was_meant(self, word: str, hint: str) -> None:
        result = run("sample", word)
        assert result.exit_code == 2
        assert f"'{word}' is not known; {hint}" in unwrapped(result.stderr)
        assert "Value error" not in result.stderr

    def test_a_word_like_no_other_is_answered_with_all_of_them(self) -> None:
        choices = "choose dino, poem, sonnet; names or verse for your own texts"
        assert f"'haiku' is not known; {choices}" in unwrapped(run("sample", "haiku").stderr)

    def test_names_are_new_and_the_same_for_the_same_seed(self, folder: Path) -> None:
        arguments = ("sample", "dino", "--checkpoint", folder / "dino.safetensors", "--count", "3", "--seed", "42")
        names = run_well(*arguments).splitlines()
        assert len(set(names)) == 3
        assert all(name == name.capitalize() for name in names)
        assert not {name.lower() for name in names} & set(NAMES.split())
        assert run_well(*arguments).splitlines() == names

    def test_names_begin_with_the_prompt(self, folder: Path) -> None:
        stdout = run_well("sample", "dino", "--checkpoint", folder / "dino.safetensors", "--prompt", "Mang")
        assert all(name.startswith("Mang") for name in stdout.splitlines())

    def test_verse_begins_with_the_exact_prompt(self, folder: Path) -> None:
        stdout = run_well("sample", "poem", "--checkpoint", folder / "poem.safetensors", "--prompt", "A MANGO is")
        assert stdout.startswith("A MANGO is")
        assert len(stdout) > 100

    def test_verse_is_separated_from_a_prompt_that_the_network_cannot_read(self, folder: Path) -> None:
        arguments = ("sample", "poem", "--checkpoint", folder / "poem.safetensors", "--seed", "1", "--prompt")
        assert run_well(*arguments, "привет").startswith("привет\n")
        assert run_well(*arguments, "a mango 123").startswith("a mango 123 ")

    def test_a_prompt_may_be_unfinished_and_verse_raw(self, folder: Path) -> None:
        arguments = ("sample", "poem", "--checkpoint", folder / "poem.safetensors", "--prompt", "Xyzzy", "--seed", "1")
        assert re.match(r"Xyzzy[ \n,;:.!?]", run_well(*arguments))
        raw = run_well(*arguments, "--raw")
        assert raw.removeprefix("Xyzzy").islower()
        assert not run_well(*arguments).removeprefix("Xyzzy").islower()
        assert run_well(*arguments).lower() == raw.lower()
        assert run_well(*arguments, "--unfinished")

    def test_names_are_never_unfinished(self, folder: Path) -> None:
        result = run("sample", "dino", "--checkpoint", folder / "dino.safetensors", "--unfinished")
        assert result.exit_code == 2
        assert "--unfinished is for poem" in result.stderr

    @pytest.mark.parametrize(("network", "count"), [("dino", 4), ("poem", 2)])
    def test_json_has_the_seed_to_repeat_it_with(self, folder: Path, network: str, count: int) -> None:
        arguments = (
            "sample",
            network,
            "--checkpoint",
            folder / f"{network}.safetensors",
            "--json",
            "--count",
            str(count),
        )
        result = json.loads(run_well(*arguments))
        assert result["version"] == load(folder / f"{network}.safetensors").version
        assert len(result["texts"]) == count
        assert json.loads(run_well(*arguments, "--seed", str(result["seed"]))) == result

    def test_temperature_0_ignores_the_seed(self, folder: Path) -> None:
        arguments = ("sample", "poem", "--checkpoint", folder / "poem.safetensors", "--temperature", "0")
        assert run_well(*arguments, "--seed", "1") == run_well(*arguments, "--seed", "2")

    def test_temperature_0_gives_one_name_and_then_an_error(self) -> None:
        (name,) = run_well("sample", "dino", "--temperature", "0").splitlines()
        result = run("sample", "dino", "--temperature", "0", "--count", "3")
        assert result.exit_code == 1
        assert result.stdout.split() == [name]  # printed before the error
        assert result.stderr.startswith(f"error: temperature 0 always gives '{name.lower()}'")


class TestEvaluate:
    @pytest.mark.parametrize("network", ["dino", "poem"])
    def test_json_has_every_figure(self, folder: Path, network: str) -> None:
        texts = {"dino": "names.txt", "poem": "poems.txt"}
        checkpoint = folder / f"{network}.safetensors"
        stdout = run_well(
            "evaluate",
            network,
            "--checkpoint",
            checkpoint,
            "--corpus",
            folder / texts[network],
            "--json",
            "--samples",
            "2",
        )
        (result,) = events_of(stdout)
        assert result["held_out_loss"] == pytest.approx(load(checkpoint).description.held_out_loss, rel=1e-4)
        assert result["trained_on_this_corpus"]
        assert result["counting"][0]["held_out_loss"] > 0
        assert result["decoder_loss"] == pytest.approx(result["held_out_loss"], abs=0.01)
        assert result["samples"].keys() == result["held_out"].keys()
        assert result["samples"]["names" if network == "dino" else "poems"] == 2

    def test_prints_a_table(self, folder: Path) -> None:
        arguments = ("evaluate", "dino", "--checkpoint", folder / "dino.safetensors", "--samples", "2")
        table = run_well(*arguments, "--corpus", folder / "names.txt")
        for words in (
            "nats per character, network",
            "the same with the decoder's rounding",
            "n-gram of order",
            "held out",
            "sampled",
            "new but within 2 edits",
        ):
            assert words in table
        assert re.search(r"names +│ +\d+ │ +2 ", table)
        assert re.search(r"unique +│ +100\.0% │ +[0-9.]+% ", table)
        assert "another text" not in table
        for row in ("unseen letters", "odd letters", "other real names", "n-gram"):
            assert re.search(f"^{row}  +[a-z]", table, re.MULTILINE), row  # each is explained

    def test_every_row_is_explained(self, folder: Path) -> None:
        for network, text in (("dino", "names.txt"), ("poem", "poems.txt")):
            weights = ("--checkpoint", folder / f"{network}.safetensors", "--corpus", folder / text, "--samples", "2")
            (figures,) = events_of(run_well("evaluate", network, *weights, "--json"))
            assert {name.replace("_", " ") for name in figures["samples"]} <= ROWS.keys()

    def test_says_if_the_weights_were_trained_on_another_text(self, folder: Path, tmp_path: Path) -> None:
        (tmp_path / "other.txt").write_text("kiwi\nmango\nlemon\n")
        arguments = ("evaluate", "dino", "--checkpoint", folder / "dino.safetensors", "--samples", "0")
        assert "another text" in run_well(*arguments, "--corpus", tmp_path / "other.txt")
        without_theirs = run_well(*arguments)
        assert "--corpus names theirs" in without_theirs
        assert "and the n-gram are measured on here, without the characters that they do not know" in without_theirs


class TestCompare:
    def test_prints_json_or_sentences(self, folder: Path) -> None:
        weights, corpus = folder / "poem.safetensors", folder / "poems.txt"
        (folder / "two.txt").write_text(
            "\n\n".join(POEMS.replace("day", day) for day in ("day", "night", "dawn", "fig"))
        )
        arguments = ("compare", "poem", weights, weights, "--corpus", folder / "two.txt")
        (result,) = events_of(run_well(*arguments, "--json"))
        assert result["old_loss"] == result["new_loss"] > 0
        assert (result["margin"], result["better"]) == (0, False)
        assert "not better: better means by more than two standard errors (0.0000) and by at least 0.002." in run_well(
            *arguments
        )
        assert "one held-out document" in run(*arguments[:-1], corpus).output


class TestPlot:
    def test_draws_the_log_of_a_training(self, folder: Path, tmp_path: Path) -> None:
        run_well("plot", folder / "poem.jsonl", "--out", tmp_path / "curve.png")
        assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
        run_well("plot", folder / "poem.jsonl")
        assert (folder / "poem.png").read_bytes() == (tmp_path / "curve.png").read_bytes()

    def test_finds_the_log_beside_the_weights(self, folder: Path, tmp_path: Path) -> None:
        pictures = [tmp_path / "log.png", tmp_path / "weights.png"]
        for picture, file in zip(pictures, ("dino.jsonl", "dino.safetensors"), strict=True):
            run_well("plot", folder / file, "--out", picture)
        assert pictures[0].read_bytes() == pictures[1].read_bytes()
        alone = tmp_path / "alone.safetensors"
        alone.write_bytes((folder / "dino.safetensors").read_bytes())
        assert run("plot", alone).stderr == f"error: cannot read {tmp_path}/alone.jsonl: No such file or directory\n"
        (tmp_path / "photo.png").write_bytes(b"\x89PNG")
        assert "is it the .jsonl file that `train` writes?" in run("plot", tmp_path / "photo.png").stderr


def test_island_learns_from_your_own_names(folder: Path) -> None:
    printed = run_well("island", "--corpus", folder / "names.txt", "--steps", "3")
    assert re.findall(r"Iteration: (\d+)", printed) == ["0", "2"]


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["sample", "dino", "--checkpoint", "{folder}/absent.safetensors"], id="no checkpoint"),
        pytest.param(["sample", "dino", "--checkpoint", "{folder}/names.txt"], id="text instead of a checkpoint"),
        pytest.param(["sample", "poem", "--checkpoint", "{folder}/dino.safetensors"], id="checkpoint of names"),
        pytest.param(["sample", "dino", "--checkpoint", "{folder}/dino.safetensors", "--top-p", "0"], id="top-p 0"),
        pytest.param(["evaluate", "dino", "--checkpoint", "{folder}/poem.safetensors"], id="checkpoint of verse"),
        pytest.param(["plot", "{folder}/names.txt"], id="text instead of a log"),
        pytest.param(["plot", "{folder}/dino.jsonl", "--out", "{folder}/absent/curve.png"], id="no folder"),
        pytest.param(["train", "dino", "--corpus", "{folder}"], id="folder"),
        pytest.param(
            ["train", "dino", "--corpus", "{folder}/names.txt", "--out", "{folder}/names.txt/x"],
            id="a file as the folder",
        ),
        pytest.param(["island", "--corpus", "{folder}/absent.txt"], id="no names"),
    ],
)
def test_an_error_is_one_line_on_stderr(folder: Path, arguments: list[str]) -> None:
    result = run(*(argument.replace("{folder}", str(folder)) for argument in arguments))
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1].startswith("error: ")
    assert result.stderr.count("error: ") == 1


def test_a_file_that_cannot_be_written_is_named(folder: Path) -> None:
    out = folder / "absent" / "curve.png"
    assert run("plot", folder / "dino.jsonl", "--out", out).stderr == f"error: {out}: No such file or directory\n"


def test_the_process_fails_without_a_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "model", "sample", "dino", "--checkpoint", str(tmp_path / "absent")]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1


def test_sampling_imports_nothing_that_it_does_not_need(folder: Path) -> None:
    arguments = ["sample", "dino", "--checkpoint", str(folder / "dino.safetensors")]
    unneeded = {"matplotlib", "rich", "telegram", "model.training.trainer"}
    program = (
        "import runpy, sys, atexit\n"
        f"atexit.register(lambda: print(*(set(sys.modules) & {unneeded!r})))\n"
        f"sys.argv = ['model', *{arguments!r}]\n"
        "runpy.run_module('model', run_name='__main__')\n"
    )
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[5:] == [""]


def progress(step: int, **figures: Any) -> dict[str, Any]:
    usual = {"epoch": 1, "stage": "names", "training_loss": 2.0, "held_out_loss": None, "best_held_out_loss": 1.5}
    more = {"gradient_norm": 0.5, "characters_per_second": 12345.6, "fraction": step / 1000, "seconds_left": 75.0}
    return {"event": "progress", "step": step} | usual | more | figures


EVENTS: list[dict[str, Any]] = [
    {"event": "started", "form": "names", "corpus": "", "recipe": "dino", "parameters": 12345, "resumed": True},
    progress(10, held_out_loss=1.75),
    {"event": "sample", "step": 10, "text": "[bold]aurus"},
    progress(200),
    {"event": "sample", "step": 200, "text": "mangosaurus"},
    progress(300),
]


def test_the_live_panel_shows_figures_and_samples() -> None:
    screen = io.StringIO()
    with display(json=False, console=Console(file=screen, force_terminal=True, width=100)) as show:
        for event in EVENTS:
            show(event)
    last = screen.getvalue().split("12,345 weights, resumed")[-1]
    for words in (
        "step 300",
        "30%",
        "1:15 left",
        "held out 1.750",
        "[bold]aurus",
        "mangosaurus",
        "12,346 characters/s",
    ):
        assert words in last


def test_lines_skip_most_progress_but_not_the_last(capsys: pytest.CaptureFixture[str]) -> None:
    with display(json=False) as show:
        for event in EVENTS:
            show(event)
    shown = capsys.readouterr().out.splitlines()
    assert [line for line in shown if "step 200" in line] == []
    assert "step 10," in shown[1]
    assert "step 300," in shown[-1]
    assert "held out 1.750 (best 1.500)" in shown[-1]


@pytest.mark.parametrize(("seconds", "text"), [(7, "0:07"), (754.6, "12:35"), (3723, "1:02:03"), (None, "?")])
def test_duration(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_weights_that_are_there_are_replaced_with_a_word(folder: Path, tmp_path: Path) -> None:
    arguments = ("train", "names", "--corpus", folder / "names.txt", "--out", tmp_path / "out.safetensors", *SMALL)
    first, second = run(*arguments), run(*arguments)
    assert "exists" not in first.stderr
    assert f"{tmp_path / 'out.safetensors'} exists: the new weights replace it at the end." in second.stderr


def test_the_words_are_those_that_were_typed(folder: Path) -> None:
    stdout = run_well("train", "names", "--corpus", folder / "names.txt", "--out", folder / "typed.safetensors", *SMALL)
    assert "Try it: python -m model sample names " in stdout
    assert "dino|poem|names|verse" in unwrapped(run_well("train", "--help"))
    wrong = run("sample", "names", "--checkpoint", folder / "poem.safetensors")
    assert "these weights write verse, not names" in wrong.stderr
