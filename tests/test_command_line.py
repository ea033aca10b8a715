"""The command line as people and programs use it, on texts so small that training
takes a moment."""

import io
import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure
from rich.console import Console
from typer.testing import CliRunner, Result

from model import __main__ as command_line
from model.cli import loading
from model.cli.training import display
from model.files import ROOT
from model.text import sources
from model.text.corpus import read_names
from model.weights.versions import Versions, load

SMALL = ("--epochs", "2", "--hidden-size", "8", "--layers", "1")
NAMES = "".join(
    f"{first}{second}saurus\n"
    for first in ("mango", "kiwi", "fico", "lemo")
    for second in ("", "no", "ra")
)
POEMS = "\n\n".join(
    f"a {fruit} is a {time},\nand every {fruit} is sweet.\n"
    for fruit in ("mango", "fig", "plum")
    for time in ("day", "night", "dawn", "year")
)


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
    """Two small texts, the weights trained on each, and what was printed meanwhile."""
    folder = tmp_path_factory.mktemp("trained") / "new"
    folder.mkdir()
    for network, text, content in (("dino", "names.txt", NAMES), ("poem", "poems.txt", POEMS)):
        (folder / text).write_text(content)
        out = folder / network / "weights.safetensors"
        printed = run_well(
            "train", network, "--corpus", folder / text, "--out", out, "--json", *SMALL
        )
        (folder / f"{network}.events").write_text(printed)
    return folder


@pytest.fixture(scope="module")
def dino(folder: Path) -> Path:
    return folder / "dino" / "weights.safetensors"


@pytest.fixture(scope="module")
def poem(folder: Path) -> Path:
    return folder / "poem" / "weights.safetensors"


@pytest.fixture
def few_names(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of checkpoints of their own, for a project that has a few names."""
    monkeypatch.setattr(loading, "CHECKPOINTS", tmp_path / "checkpoints")
    monkeypatch.setattr(sources, "names_corpus", lambda **_: read_names(folder / "names.txt"))
    return tmp_path / "checkpoints"


def test_help_lists_every_command_with_an_example() -> None:
    overview = run_well("--help")
    assert "dino|poem|names|verse" in unwrapped(run_well("train", "--help"))
    for command in ("fetch", "train", "sample", "evaluate", "plot"):
        assert command in overview
        assert f"Example: python -m model {command}" in " ".join(
            run_well(command, "--help").split()
        )


# train


def test_a_training_prints_and_logs_its_events_as_json(folder: Path, dino: Path) -> None:
    printed = (folder / "dino.events").read_text()
    started, *between, finished = events_of(printed)
    checkpoint = load(dino)
    assert (started["event"], started["form"], started["recipe"]) == ("started", "names", "names")
    assert started["corpus"] == checkpoint.description.corpus
    assert started["parameters"] == checkpoint.language_model.parameters.whole.size
    progress = [event for event in between if event["event"] == "progress"]
    assert progress[-1]["fraction"] == pytest.approx(1)
    assert progress[-1]["best_held_out_loss"] == pytest.approx(finished["held_out_loss"])
    assert {
        "step",
        "epoch",
        "stage",
        "training_loss",
        "gradient_norm",
        "clipped_gradient_norm",
    } <= set(progress[0])
    assert (finished["event"], finished["early"]) == ("finished", False)
    assert (finished["out"], finished["version"]) == (str(dino), checkpoint.version)
    assert finished["held_out_loss"] == checkpoint.description.held_out_loss
    assert dino.with_suffix(".jsonl").read_text() == printed
    assert sorted(path.name for path in dino.parent.iterdir()) == [
        "weights.jsonl",
        "weights.safetensors",
    ]


def test_the_seed_decides_and_the_command_to_try_can_be_pasted(
    folder: Path, dino: Path, tmp_path: Path
) -> None:
    out, weights = (
        tmp_path / "my cheeses.safetensors",
        [load(dino).language_model.parameters.whole.tobytes()],
    )
    for seed in (
        "0",
        "4",
    ):  # a log beside the weights names the same text, so other weights of it replace them
        replaces = f"{out} exists: the new weights replace it at the end." if out.exists() else ""
        result = run(
            "train", "names", "--corpus", folder / "names.txt", "--out", out, "--seed", seed, *SMALL
        )
        assert replaces in result.stderr
        assert bool(replaces) == ("exists" in result.stderr)
        assert result.stdout.endswith(
            f"Try it: python -m model sample names --checkpoint '{out}'\n"
        )
        weights.append(load(out).language_model.parameters.whole.tobytes())
    assert weights[0] == weights[1] != weights[2]


def test_without_out_an_own_text_never_adds_a_version(few_names: Path, tmp_path: Path) -> None:
    (tmp_path / "my names.txt").write_text(NAMES)
    result = run("train", "dino", "--corpus", tmp_path / "my names.txt", *SMALL)
    out = tmp_path / "my names.safetensors"
    assert f"The weights go beside the text: {out}." in result.stderr
    assert f"sample names --checkpoint '{out}'" in result.stdout
    assert load(out).description.recipe == "names"
    assert {path.name for path in tmp_path.iterdir()} == {
        "my names.jsonl",
        "my names.safetensors",
        "my names.txt",
    }


def test_without_out_it_adds_a_version_and_promotes_it_only_with_promote(few_names: Path) -> None:
    versions = Versions(few_names / "dino")
    stdout = run_well("train", "dino", *SMALL)
    (added,) = versions.list()
    assert f"sample dino --checkpoint {versions.path(added)}" in stdout
    assert not (versions.directory / "current").exists()
    run_well("train", "dino", "--promote", "--seed", "1", *SMALL)
    assert versions.current() != added
    suffixes = ["", ".jsonl", ".jsonl", ".safetensors", ".safetensors"]
    assert sorted(path.suffix for path in versions.directory.iterdir()) == suffixes
    assert len(run_well("sample", "dino", "--count", "2").split()) == 2


def test_a_version_that_is_not_better_is_not_promoted(
    few_names: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    more = (word + end for word in NAMES.split() for end in ("", "us", "ia", "ops"))
    (tmp_path / "more.txt").write_text("\n".join(more))
    monkeypatch.setattr(sources, "names_corpus", lambda **_: read_names(tmp_path / "more.txt"))
    begin, versions = (
        ("train", "dino", "--promote", "--hidden-size", "8", "--epochs"),
        Versions(few_names / "dino"),
    )
    good = events_of(run_well(*begin, "9", "--json"))[-1]
    assert (good["promoted"], versions.current()) == (True, good["version"])
    assert "The current version stays: the new one is not better by enough" in run_well(*begin, "1")
    assert (versions.current(), len(versions.list())) == (good["version"], 2)


def test_a_gru_learns_goes_on_and_is_drawn_from(folder: Path, tmp_path: Path) -> None:
    out, more = tmp_path / "dino.safetensors", tmp_path / "more.safetensors"
    arguments = ("train", "dino", "--corpus", folder / "names.txt", "--out")
    run_well(*arguments, out, "--cell", "gru", *SMALL, "--layers", "2")
    start = load(out)
    assert (start.language_model.architecture.cell, start.language_model.architecture.layers) == (
        "gru",
        2,
    )
    started, *_, finished = events_of(run_well(*arguments, more, "--from", out, "--json"))
    assert started["start_loss"] == pytest.approx(start.description.held_out_loss)
    assert finished["held_out_loss"] <= started["start_loss"]
    assert load(more).language_model.architecture == start.language_model.architecture
    assert len(run_well("sample", "dino", "--count", "3", "--checkpoint", more).split()) == 3


def test_a_network_learns_from_teachers_that_were_trained_before(
    folder: Path, tmp_path: Path
) -> None:
    on_names = ("train", "dino", "--corpus", folder / "names.txt", "--hidden-size", "8")
    given: list[str | Path] = []
    for number in ("1", "2"):
        name, out = f"teacher-{number}", tmp_path / f"teacher-{number}.safetensors"
        run_well(*on_names, "--epochs", "1", "--recipe", name, "--seed", number, "--out", out)
        assert (load(out).description.recipe, load(out).description.seed) == (name, int(number))
        given += ["--teacher", out]
    out = tmp_path / "distilled.safetensors"
    stdout = run_well(
        *on_names, "--minutes", "0.01", "--recipe", "distilled", *given, "--out", out, "--json"
    )
    stages = [event["stage"] for event in events_of(stdout) if event["event"] == "progress"]
    assert list(dict.fromkeys(stages)) == ["pretrain", "distil"]
    assert (load(out).language_model.architecture.cell, load(out).description.recipe) == (
        "rnn",
        "distilled",
    )


def test_a_signal_stops_a_training_the_same_command_resumes_it_and_another_finishes_it(
    folder: Path, tmp_path: Path
) -> None:
    out, log, snapshot = (
        tmp_path / f"dino.{end}" for end in ("safetensors", "jsonl", "safetensors.partial")
    )
    command = [
        sys.executable,
        "-m",
        "model",
        "train",
        "dino",
        "--json",
        "--corpus",
        str(folder / "names.txt"),
    ]
    command += ["--out", str(out), "--epochs", "1000000", "--hidden-size", "8"]
    written = ""
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGUSR1, 0)):
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            first = json.loads(child.stdout.readline())
            child.stdout.readline()  # its first progress
            child.send_signal(number)
            last = events_of(child.stdout.read())[-1]
        assert (child.returncode, first["resumed"]) == (code, number != signal.SIGINT)
        assert log.read_text().startswith(written)
        written = log.read_text()
        if code:
            assert last == {"event": "stopped", "snapshot": str(snapshot)}
            assert snapshot.exists()
            assert not out.exists()
    assert (last["event"], last["early"]) == ("finished", True)
    assert load(out).description.held_out_loss == last["held_out_loss"]
    assert not snapshot.exists()


def test_a_failure_is_an_event_too(tmp_path: Path) -> None:
    result = run(
        "train", "dino", "--corpus", tmp_path / "absent.txt", "--out", tmp_path / "x", "--json"
    )
    assert result.exit_code == 1
    (failed,) = events_of(result.stdout)
    assert failed["event"] == "failed"
    assert "absent.txt" in failed["error"]
    assert failed["error"] in result.stderr


def test_no_text_is_overwritten(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    texts = [data / name for name in ("dinos.txt", "own.jsonl", "own.txt", "sonnets.txt")]
    for text in texts:
        text.write_text(NAMES)
    monkeypatch.setattr(sources, "DATA", data)
    for out, corpus, reason in (
        ("own.txt", "own.txt", "own.txt: not a complete safetensors file; choose another --out"),
        (
            "own.safetensors",
            "own.jsonl",
            "own.jsonl is not the log of a training; choose another --out",
        ),
        ("dinos.txt", "own.txt", "dinos.txt: not a complete safetensors file"),
        ("../data/sonnets.txt", "own.txt", "sonnets.txt: not a complete safetensors file"),
        ("../data", "own.txt", "is a folder"),
    ):
        for replacing in ((), ("--replace",)):
            result = run(
                "train", "dino", "--out", data / out, "--corpus", data / corpus, *replacing
            )
            assert result.exit_code == 1
            assert reason in result.stderr
    assert [text.read_text() for text in texts] == [NAMES] * len(texts)
    assert sorted(data.iterdir()) == texts


def test_weights_and_logs_of_another_text_are_replaced_only_with_replace(
    folder: Path, tmp_path: Path
) -> None:
    out, log = tmp_path / "own.safetensors", tmp_path / "own.jsonl"
    (tmp_path / "own.txt").write_text(NAMES.replace("mango", "berry"))
    begin = ("train", "names", *SMALL, "--out", out, "--corpus")
    run_well(*begin, folder / "names.txt")
    before = out.read_bytes(), log.read_text()
    refusal = f"error: {out} may come from another text; choose another --out, or add --replace\n"
    for kept in (before, (before[0], "")):
        result = run(*begin, tmp_path / "own.txt")
        assert (result.exit_code, result.stderr.splitlines(keepends=True)[-1]) == (1, refusal)
        assert (out.read_bytes(), log.read_text() if log.exists() else "") == kept
        log.unlink(missing_ok=True)  # weights without a log may be of any text
    (tmp_path / "own.jsonl").write_text('{"quote": "a person\'s own lines"}\n')
    assert (
        "own.jsonl is not the log of a training"
        in run(*begin, tmp_path / "own.txt", "--replace").stderr
    )
    assert log.read_text() == '{"quote": "a person\'s own lines"}\n'
    log.unlink()
    run_well(*begin, tmp_path / "own.txt", "--replace")
    assert out.read_bytes() != before[0]


def test_no_version_is_overwritten(few_names: Path) -> None:
    run_well("train", "dino", *SMALL)
    (version,) = few_names.glob("dino/*.safetensors")
    content = version.read_bytes()
    for out in (
        version,
        version.with_suffix(""),
        version.with_suffix(".jsonl"),
        few_names / "dino" / f"{'0' * 12}.x",
    ):
        result = run("train", "dino", *SMALL, "--out", out, "--replace")
        assert f"error: {out}: is the name of a version, and versions never change" in result.stderr
    assert version.read_bytes() == content
    assert len(list(few_names.glob("dino/*"))) == 2


def test_of_two_trainings_on_one_output_the_second_is_refused(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "own.safetensors"
    begin = [
        "train",
        "dino",
        "--corpus",
        str(folder / "names.txt"),
        "--out",
        str(out),
        "--epochs",
        "1000000",
    ]
    with subprocess.Popen(
        [sys.executable, "-m", "model", *begin, "--json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as first:
        assert first.stdout is not None
        first.stdout.readline()  # it has started
        result = run(*begin, "--seed", "2")
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.endswith(
            f"error: another training writes {out}; wait for it, or choose another --out\n"
        )
        first.send_signal(signal.SIGUSR1)
        first.stdout.read()
    assert first.returncode == 0
    assert out.with_suffix(".jsonl").read_text().count('"started"') == 1


def test_equal_trainings_give_equal_versions_with_source_date_epoch(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = ("train", "dino", "--corpus", folder / "names.txt", *SMALL, "--out")
    versions = []
    for epoch, out in (("1700000000", "a"), ("1700000000", "b"), ("1700000001", "c")):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
        run_well(*begin, tmp_path / out)
        versions.append(load(tmp_path / out).version)
    assert versions[0] == versions[1] != versions[2]
    assert load(tmp_path / "a").description.created == "2023-11-14T22:13:20+00:00"


# sample


def test_names_are_new_begin_with_the_prompt_and_are_the_same_for_the_same_seed(dino: Path) -> None:
    weights = ("--checkpoint", dino, "--count", "3", "--seed", "42")
    names = run_well("sample", "dino", *weights).splitlines()
    assert len(set(names)) == 3
    assert all(name == name.capitalize() for name in names)
    assert not {name.lower() for name in names} & set(NAMES.split())
    assert (
        run_well("sample", "Names", *weights).splitlines() == names
    )  # for lists that are no dinosaurs
    assert run_well("sample", "dino", *weights, "--prompt", "Mang").count("Mang") == 3


def test_verse_begins_with_the_exact_prompt(poem: Path) -> None:
    arguments = ("--checkpoint", poem, "--seed", "1", "--prompt")
    verse = run_well("sample", "poem", *arguments, "A MANGO is")
    assert verse.startswith("A MANGO is")
    assert len(verse) > 100
    assert run_well("sample", "verse", *arguments, "A MANGO is") == verse
    assert run_well("sample", "poem", *arguments, "привет").startswith(
        "привет\n"
    )  # the network cannot read it
    assert run_well("sample", "poem", *arguments, "a mango 123").startswith("a mango 123\n")
    finished = run_well("sample", "poem", *arguments, "Xyzzy")
    assert re.match(r"Xyzzy[ \n,;:.!?]", finished)
    assert run_well("sample", "poem", *arguments, "Xyzzy", "--unfinished").startswith("Xyzzy")
    raw = run_well("sample", "poem", *arguments, "Xyzzy", "--raw")
    assert raw.removeprefix("Xyzzy").islower()
    assert not finished.removeprefix("Xyzzy").islower()
    assert finished.lower() == raw.lower()


@pytest.mark.parametrize(("network", "count"), [("dino", 4), ("poem", 2)])
def test_json_has_the_seed_to_repeat_it_with(folder: Path, network: str, count: int) -> None:
    weights = folder / network / "weights.safetensors"
    arguments = ("sample", network, "--checkpoint", weights, "--json", "--count", str(count))
    result = json.loads(run_well(*arguments))
    assert result["version"] == load(weights).version
    assert len(result["texts"]) == count
    assert json.loads(run_well(*arguments, "--seed", str(result["seed"]))) == result


def test_a_seed_that_nobody_gave_is_told_beside_the_texts_and_repeats_them(dino: Path) -> None:
    arguments = ("sample", "dino", "--checkpoint", dino)
    drawn = run(*arguments)
    (seed,) = re.findall(r"--seed (\d+)", drawn.stderr)
    repeated = run(*arguments, "--seed", seed)
    assert (repeated.stdout, repeated.stderr) == (drawn.stdout, "")
    assert len(drawn.stdout.splitlines()) == 5  # a pipe gets the names alone


def test_temperature_0_ignores_the_seed_and_gives_one_name_and_then_an_error(poem: Path) -> None:
    verse = ("sample", "poem", "--checkpoint", poem, "--temperature", "0", "--seed")
    assert run_well(*verse, "1") == run_well(*verse, "2")
    names = ("sample", "dino", "--prompt", "t", "--temperature", "0")
    (name,) = run_well(*names).splitlines()
    result = run(*names, "--count", "3")
    assert result.exit_code == 1
    assert result.stdout.split() == [name]  # printed before the error
    assert f"error: temperature 0 always gives '{name.lower()}'" in result.stderr


def test_a_sonnet_begins_with_the_exact_prompt() -> None:
    first = "  Shall I compare thee 🦕  "
    told = json.loads(run_well("sample", "sonnet", "--prompt", first, "--seed", "3", "--json"))
    (text,) = told["texts"]
    assert text.split("\n")[0] == first.strip()
    assert len(text.split("\n")) == 14
    assert (told["network"], told["seed"]) == ("poem", 3)


def test_sampling_imports_nothing_that_it_does_not_need(dino: Path) -> None:
    arguments = ["sample", "dino", "--checkpoint", str(dino)]
    unneeded = {"matplotlib", "rich", "telegram", "model.training.trainer"}
    program = (
        "import runpy, sys, atexit\n"
        f"atexit.register(lambda: print(*(set(sys.modules) & {unneeded!r})))\n"
        f"sys.argv = ['model', *{arguments!r}]\n"
        "runpy.run_module('model', run_name='__main__')\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[5:] == [""]


# evaluate, plot


@pytest.mark.parametrize(("network", "text"), [("dino", "names"), ("poem", "poems")])
def test_an_evaluation_is_a_table_or_json(folder: Path, network: str, text: str) -> None:
    weights = folder / network / "weights.safetensors"
    corpus = folder / f"{text}.txt"
    arguments = ("evaluate", network, "--checkpoint", weights, "--samples", "2")
    (result,) = events_of(run_well(*arguments, "--corpus", corpus, "--json"))
    assert result["losses"]["network"] == pytest.approx(
        load(weights).description.held_out_loss, rel=1e-4
    )
    assert result["texts"] + result["failures"] == 2
    shown = run_well(*arguments, "--corpus", corpus)
    for name in (*result["losses"], *result["written"]):
        assert f"│ {name.replace('_', ' ')} " in shown
    assert "another text" not in shown
    (folder / "others.txt").write_text("kiwi\nmango\n\nlemon\n")
    assert "another text (--corpus can name it)" in run_well(
        *arguments, "--corpus", folder / "others.txt"
    )


def test_a_look_has_a_row_for_each_letter(dino: Path, poem: Path) -> None:
    for network, weights, text, letters in (
        ("dino", dino, "Mángo", [*"mango", "end"]),
        ("poem", poem, "Ah Me", [*"ah␣me"]),
    ):
        _, *rows = run_well("look", network, text, "--checkpoint", weights).splitlines()
        assert [row.split()[0] for row in rows if row.strip()] == letters
        assert all(4 <= row.count("%") <= 5 for row in rows)


def test_a_plot_is_drawn_from_a_log_or_the_weights_beside_it(dino: Path, tmp_path: Path) -> None:
    run_well("plot", dino.with_suffix(".jsonl"), "--out", tmp_path / "curve.png")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
    for _ in range(2):  # a picture that `plot` drew is replaced
        run_well("plot", dino)
    assert dino.with_suffix(".plot.png").read_bytes() == (tmp_path / "curve.png").read_bytes()
    dino.with_suffix(".plot.png").rename(tmp_path / "old.png")
    (tmp_path / "weights").write_bytes(dino.read_bytes())
    (tmp_path / "weights.jsonl").write_bytes(dino.with_suffix(".jsonl").read_bytes())
    run_well("plot", tmp_path / "weights")
    assert (tmp_path / "weights.plot.png").read_bytes() == (tmp_path / "old.png").read_bytes()


def test_no_picture_of_a_person_is_replaced(dino: Path, tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    Figure().savefig(photo)
    content = photo.read_bytes()
    result = run("plot", dino, "--out", photo)
    assert (result.exit_code, result.stdout) == (1, "")
    assert (
        result.stderr
        == f"error: {photo} exists, and is no picture that `plot` drew; choose another --out\n"
    )
    assert photo.read_bytes() == content


# Errors


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("train dino --minutes 1 --epochs 1", "not both"),
        ("train dino --promote --out x", "omit --out"),
        ("train dino --promote --corpus x", "and --corpus"),
        ("train dino --corpus a --corpus b", "one file"),
        ("train dino --epochs 0", "--epochs': it must be greater than or equal to 1"),
        ("sample dino --temperature 9", "it must be less than or equal to 5"),
        ("sample dino --temperature hot", "'--temperature': it must be a valid number ╰"),
        ("train dino --from x --hidden-size 8", "omit --cell, --hidden-size"),
        ("train dino --from x --teacher y", "and --teacher"),
        ("train dino --alphabet own", "--alphabet is for --corpus"),
        ("train dino --recipe dodo", "'--recipe': 'dodo' is not one of"),
        ("train dino --reading x", "--reading is for the sonnets"),
        ("train poem --also x", "--also is for the dinosaurs"),
        ("train dino --changing", "add --from"),
        ("train", "Missing argument"),
        (
            "train sonnet",
            "'sonnet' is not known; choose dino, poem; names or verse for your own texts",
        ),
        ("sample dnio", ": 'dnio' is not known; do you mean dino?"),
        (
            "sample haiku",
            ": 'haiku' is not known; choose dino, poem, sonnet; names or verse for your own texts",
        ),
        ("sample dino --unfinished", "--unfinished is for poem; a name always goes on"),
        ("sample sonnet --unfinished", "keeps its first line"),
        ("sample sonnet --top-p 0.5", "chosen from many lines"),
        ("evaluate dino --samples 0", "it must be greater than or equal to 1"),
    ],
)
def test_impossible_arguments_are_refused_with_exit_code_2(arguments: str, sentence: str) -> None:
    result = run(*arguments.split())
    assert result.exit_code == 2
    assert sentence in unwrapped(result.stderr)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            "sample dino --checkpoint {}/absent.safetensors",
            "{}/absent.safetensors: cannot be read: No such file",
        ),
        ("sample dino --checkpoint {}/names.txt", "{}/names.txt: not a complete safetensors file"),
        (
            "sample poem --checkpoint {}/dino/weights.safetensors",
            "these weights write names, not verse",
        ),
        ("sample dino --checkpoint {}/dino/weights.safetensors --top-p 0", "top_p"),
        ("sample sonnet --prompt one\ntwo", "a sonnet begins with one line"),
        (
            "evaluate dino --checkpoint {}/poem/weights.safetensors",
            "these weights write verse, not names",
        ),
        ("plot {}/names.txt", "is it the .jsonl file that `train` writes?"),
        ("plot {}/alone.safetensors", "cannot read {}/alone.jsonl: No such file or directory\n"),
        (
            "plot {}/dino/weights.jsonl --out {}/curve.jpg",
            "{}/curve.jpg: the picture is a PNG; --out must end in .png",
        ),
        (
            "plot {}/dino/weights.jsonl --out {}/absent/curve.png",
            "{}/absent/curve.png: No such file or directory\n",
        ),
        ("train dino --corpus {}", "cannot read {}: Is a directory"),
        ("train dino --corpus {}/names.txt --out .", ".: is a folder; --out needs a file"),
        (
            "train poem --corpus {0}/poems.txt --from {0}/dino/weights.safetensors",
            "these weights write names",
        ),
        (
            "train dino --corpus {}/names.txt --out {}/x --recipe distilled",
            "name their weights with --teacher",
        ),
        (
            "look dino 日本 --checkpoint {}/dino/weights.safetensors",
            "none of the letters of '日本'",
        ),
        ("train dino --also {}/absent.txt --out {}/x", "cannot read {}/absent.txt"),
    ],
)
def test_an_error_is_one_line_on_stderr_with_exit_code_1(
    folder: Path, arguments: str, sentence: str
) -> None:
    (folder / "one.txt").write_text(POEMS[: POEMS.index("\n\n", 99)])
    result = run(
        *(
            argument.replace("{0}", "{}").replace("{}", str(folder))
            for argument in arguments.split(" ")
        )
    )
    assert result.exit_code == 1
    assert result.stdout == ""
    *_, last = result.stderr.splitlines(keepends=True)
    assert last.startswith("error: ")
    assert sentence.replace("{}", str(folder)) in last
    assert result.stderr.count("error: ") == 1


# How a training is shown


def progress(step: int, **figures: Any) -> dict[str, Any]:
    usual = {
        "epoch": 1,
        "stage": "names",
        "training_loss": 2.0,
        "held_out_loss": None,
        "best_held_out_loss": 1.5,
    }
    more = {
        "gradient_norm": 0.5,
        "characters_per_second": 12345.6,
        "fraction": step / 1000,
        "seconds_left": 75.0,
    }
    return {"event": "progress", "step": step} | usual | more | figures


EVENTS: list[dict[str, Any]] = [
    {
        "event": "started",
        "form": "names",
        "corpus": "",
        "recipe": "dino",
        "parameters": 12345,
        "resumed": True,
    },
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
    last = screen.getvalue().split("12,345 parameters, resumed")[-1]
    shown = "step 300|30%|1:15 left|held out 1.750|[bold]aurus|mangosaurus|12,346 characters/s"
    assert [words for words in shown.split("|") if words not in last] == []
