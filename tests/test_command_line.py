"""The command line as people and programs use it, on texts so small that training
takes a moment."""

import json
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from model import __main__ as command_line
from model.cli import loading
from model.files import ROOT
from model.text import sources
from model.text.corpus import read_names
from model.text.tokens import WordVocabulary, is_word
from model.text.typesetting import typeset, with_names
from model.training import starts
from model.verse.search import lines_of
from model.weights.versions import Versions, load, save
from model.writing.requests import SonnetRequest, VerseRequest, generator_for
from tests.decoding import small_poet, texts, verse_checkpoint
from tests.serving import install

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
    """Two small texts, and the weights trained on each."""
    folder = tmp_path_factory.mktemp("trained") / "new"
    folder.mkdir()
    for network, text, content in (("dino", "names.txt", NAMES), ("poem", "poems.txt", POEMS)):
        (folder / text).write_text(content)
        out = folder / network / "weights.safetensors"
        run_well("train", network, "--corpus", folder / text, "--out", out, *SMALL)
    return folder


@pytest.fixture(scope="module")
def dino(folder: Path) -> Path:
    return folder / "dino" / "weights.safetensors"


@pytest.fixture(scope="module")
def poem(folder: Path) -> Path:
    return folder / "poem" / "weights.safetensors"


@pytest.fixture(scope="module")
def poet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that reads words."""
    path = tmp_path_factory.mktemp("poet") / "poet.safetensors"
    save(path, small_poet())
    return path


@pytest.fixture
def checkpoints_folder(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder for checkpoints, in a project that knows only a few names."""
    monkeypatch.setattr(loading, "CHECKPOINTS", tmp_path / "checkpoints")
    monkeypatch.setattr(sources, "names_corpus", lambda **_: read_names(folder / "names.txt"))
    return tmp_path / "checkpoints"


def test_help_lists_every_command_with_an_example() -> None:
    overview = run_well("--help")
    assert "dino|poem|letters|names|verse" in unwrapped(run_well("train", "--help"))
    for command in ("train", "sample", "evaluate", "look"):
        assert command in overview
        assert f"Example: python -m model {command}" in " ".join(
            run_well(command, "--help").split()
        )


# train


def test_the_command_to_try_can_be_pasted_and_weights_are_replaced_if_somebody_says_so(
    folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "my cheeses.safetensors"
    begin = ("train", "names", "--corpus", folder / "names.txt", "--out", out, *SMALL)
    tried = f"Try it: python -m model sample names --checkpoint '{out}'\n"
    printed = run_well(*begin)
    assert printed.endswith(tried)
    assert re.search(r"\nnames step \d+, epoch 2 \| training \d\.\d+ \| held out \d\.", printed)
    result = run(*begin)
    assert result.exit_code == 1
    assert f"error: {out} exists; choose another --out, or add --replace" in result.stderr
    assert run_well(*begin, "--replace").endswith(tried)


def test_without_out_an_own_text_never_adds_a_version(
    checkpoints_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "my names.txt").write_text(NAMES)
    result = run("train", "dino", "--corpus", tmp_path / "my names.txt", *SMALL)
    out = tmp_path / "my names.safetensors"
    assert f"sample names --checkpoint '{out}'" in result.stdout
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".jsonl", ".safetensors", ".txt"]


def test_without_out_a_version_is_added_and_promoted_only_with_promote(
    checkpoints_folder: Path,
) -> None:
    versions = Versions(checkpoints_folder / "dino")
    stdout = run_well("train", "dino", *SMALL)
    (added,) = versions.list()
    assert f"sample dino --checkpoint {versions.path(added)}" in stdout
    assert not (versions.directory / "current").exists()
    run_well("train", "dino", "--promote", "--seed", "1", *SMALL)
    assert versions.load_current().description.seed == 1
    suffixes = ["", ".jsonl", ".jsonl", ".safetensors", ".safetensors"]
    assert sorted(path.suffix for path in versions.directory.iterdir()) == suffixes
    assert len(run_well("sample", "dino", "--count", "2").split()) == 2


def test_a_version_that_is_not_better_is_not_promoted(
    checkpoints_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    more = (word + end for word in NAMES.split() for end in ("", "us", "ia", "ops"))
    (tmp_path / "more.txt").write_text("\n".join(more))
    monkeypatch.setattr(sources, "names_corpus", lambda **_: read_names(tmp_path / "more.txt"))
    begin, versions = (
        ("train", "dino", "--promote", "--hidden-size", "8", "--epochs"),
        Versions(checkpoints_folder / "dino"),
    )
    good = events_of(run_well(*begin, "9", "--json"))[-1]
    assert (good["promoted"], versions.current()) == (True, good["version"])
    assert "The current version stays: the new one is not better by enough" in run_well(*begin, "1")
    assert (versions.current(), len(versions.list())) == (good["version"], 2)


def test_every_cell_trains_in_layers_goes_on_and_writes_names(folder: Path, tmp_path: Path) -> None:
    begin = ("train", "dino", "--corpus", folder / "names.txt", "--out")
    for cell in ("gru", "rnn"):
        out, more = tmp_path / f"{cell}.safetensors", tmp_path / f"{cell}-more.safetensors"
        run_well(*begin, out, "--cell", cell, *SMALL, "--layers", "2")
        start = load(out)
        architecture = start.language_model.architecture
        assert (architecture.cell, architecture.layers) == (cell, 2)
        printed = run_well(*begin, more, "--from", out, "--json")
        assert more.with_suffix(".jsonl").read_text() == printed
        started, *_, finished = events_of(printed)
        assert started["start_loss"] == pytest.approx(start.description.held_out_loss)
        assert finished["held_out_loss"] < started["start_loss"]
        assert load(more).language_model.architecture == architecture
        assert len(run_well("sample", "dino", "--count", "3", "--checkpoint", more).split()) == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_training_with_its_best_weights(
    folder: Path, tmp_path: Path, number: signal.Signals
) -> None:
    out = tmp_path / "dino.safetensors"
    begin = ["train", "dino", "--json", "--corpus", str(folder / "names.txt")]
    begin += ["--out", str(out), "--epochs", "1000000", "--hidden-size", "8"]
    with subprocess.Popen(
        [sys.executable, "-m", "model", *begin], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        child.stdout.readline()  # its first progress
        child.send_signal(number)
        last = events_of(child.stdout.read())[-1]
    assert (child.returncode, last["event"], last["early"]) == (0, "finished", True)
    assert load(out).description.held_out_loss == last["held_out_loss"]
    assert {path.name for path in tmp_path.iterdir()} == {"dino.safetensors", "dino.jsonl"}


def test_no_text_and_no_version_is_overwritten(checkpoints_folder: Path, tmp_path: Path) -> None:
    run_well("train", "dino", *SMALL)
    (version,) = checkpoints_folder.glob("dino/*.safetensors")
    text = tmp_path / "own.txt"
    text.write_text(NAMES)
    (tmp_path / "towns.jsonl").write_text(NAMES)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for out, reason in (
        (tmp_path / "towns.safetensors", "towns.jsonl exists, and is no log of a training"),
        (version, "is the name of a version, and versions never change"),
        (text, "--out must end in .safetensors"),
        (tmp_path / "x.partial.safetensors", "and not in .partial.safetensors"),
        (tmp_path, "--out must end in .safetensors"),
    ):
        result = run("train", "dino", "--corpus", text, *SMALL, "--out", out, "--replace")
        assert result.exit_code == 1
        assert reason in result.stderr
    result = run("train", "names", "--corpus", tmp_path / "towns.jsonl", *SMALL)
    assert "towns.jsonl exists; choose another --out, or add --replace" in result.stderr
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_verse_is_read_by_words_unless_somebody_asks_for_letters(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both networks that voices begin with are small here."""
    for name, made in (("WORDS", small_poet()), ("LETTERS", verse_checkpoint())):
        monkeypatch.setattr(starts, name, tmp_path / name)
        install(tmp_path / name, made)
    text, out = tmp_path / "poems.txt", tmp_path / "poems.safetensors"
    lines = (f"the {noun} will {verb}\n" for noun in ("wolf", "worm") for verb in ("walk", "wash"))
    text.write_text("\n".join(lines))
    begin = ("train", "verse", "--corpus", text, "--epochs", "1", "--replace")
    for more, reads_words in (((), True), (("--letters",), False)):
        run_well(*begin, *more)
        assert isinstance(load(out).vocabulary, WordVocabulary) is reads_words
        first, *others = run_well("sample", "verse", "--checkpoint", out, "--seed", "1").split("\n")
        assert first == first.strip() != ""
        assert len([*filter(None, others)]) == 3
    run_well("train", "letters", *begin[2:])
    assert not isinstance(load(out).vocabulary, WordVocabulary)


# sample


def test_names_are_new_begin_with_the_prompt_and_are_the_same_for_the_same_seed(dino: Path) -> None:
    weights = ("--checkpoint", dino, "--count", "3", "--seed", "42")
    names = run_well("sample", "dino", *weights).splitlines()
    assert len(set(names)) == 3
    assert all(name == name.capitalize() for name in names)
    # `names`, the word for lists of other things, does the same as `dino`
    assert run_well("sample", "Names", *weights).splitlines() == names
    assert run_well("sample", "dino", *weights, "--prompt", "Mang").count("Mang") == 3


def test_verse_begins_with_the_exact_prompt(poem: Path) -> None:
    arguments = ("--checkpoint", poem, "--seed", "1", "--prompt")
    for prompt in ("A MANGO is", "привет"):  # the network knows no Cyrillic letter
        assert run_well("sample", "poem", *arguments, prompt).startswith(prompt)
    finished = run_well("sample", "verse", *arguments, "Xyzzy")
    raw = run_well("sample", "poem", *arguments, "Xyzzy", "--raw")
    assert raw.removeprefix("Xyzzy").islower()
    assert raw.lower() == finished.lower() != finished


def test_a_seed_that_nobody_gave_is_told_beside_the_texts_and_repeats_them(
    dino: Path, poem: Path
) -> None:
    arguments = ("sample", "dino", "--checkpoint", dino)
    drawn = run(*arguments)
    (seed,) = re.findall(r"--seed (\d+)", drawn.stderr)
    repeated = run(*arguments, "--seed", seed)
    assert (repeated.stdout, repeated.stderr) == (drawn.stdout, "")
    assert len(drawn.stdout.splitlines()) == 5  # a pipe gets the names alone
    verse = ("sample", "poem", "--checkpoint", poem, "--count", "2", "--json")
    result = json.loads(run_well(*verse))
    assert (result["version"], len(result["texts"])) == (load(poem).version, 2)
    assert json.loads(run_well(*verse, "--seed", str(result["seed"]))) == result


def test_temperature_0_ignores_the_seed_and_gives_one_name_and_then_an_error(poem: Path) -> None:
    verse = ("sample", "poem", "--checkpoint", poem, "--temperature", "0", "--seed")
    assert run_well(*verse, "1") == run_well(*verse, "2")
    names = ("sample", "dino", "--prompt", "t", "--temperature", "0")
    (name,) = run_well(*names).splitlines()
    result = run(*names, "--count", "3")
    assert result.exit_code == 1
    assert result.stdout.split() == [name]  # printed before the error
    assert f"error: temperature 0 always gives '{name.lower()}'" in result.stderr


@pytest.mark.parametrize("genre", ["poem", "sonnet"])
def test_a_short_first_line_is_completed(genre: str, poet: Path) -> None:
    sample = ("sample", genre, "--checkpoint", poet, "--seed", "3", "--json", "--prompt")
    told = json.loads(run_well(*sample, "Shall I"))
    (text,) = told["texts"]
    asked = (VerseRequest if genre == "poem" else SonnetRequest)(generator_for(3, 0), "Shall I")
    (rest,) = texts(load(poet), asked)
    assert text == "Shall I" + typeset(rest, after="Shall I")
    assert len(lines_of(text)) == (4 if genre == "poem" else 14)
    assert (told["network"], told["seed"]) == ("poem", 3)


def test_a_sonnet_stands_below_its_first_line_in_quatrains(poet: Path) -> None:
    line = "Shall I compare thee to a summer's day?"
    sample = ("sample", "sonnet", "--checkpoint", poet, "--seed", "3", "--prompt", f" {line} ")
    quatrains = [part.split("\n") for part in run_well(*sample).strip().split("\n\n")]
    assert [*map(len, quatrains)] == [4, 4, 4, 2]
    assert quatrains[0][0] == line
    assert all(each[0] == each[0].upper() for part in quatrains for each in part)


def test_names_in_verse_get_capitals_unless_it_is_raw(tmp_path: Path) -> None:
    poet, path = small_poet(), tmp_path / "named.safetensors"
    assert isinstance(poet.vocabulary, WordVocabulary)
    # all words, so that none is rarer than others
    names = frozenset(word.removesuffix("'s") for word in poet.vocabulary.tokens if is_word(word))
    save(path, replace(poet, proper_names=names))
    sample = ("sample", "poem", "--checkpoint", path, "--seed", "3", "--prompt", "The cat")
    raw, shown = run_well(*sample, "--raw"), run_well(*sample)
    rest = raw.removeprefix("The cat")
    assert rest.islower()
    assert shown == "The cat" + typeset(with_names(rest, names), after="The cat")
    assert shown.lower() == raw.lower()
    assert len(re.findall("(?<=[a-z,;:] )[A-Z][a-z]", shown)) > 3


def test_sampling_imports_nothing_that_it_does_not_need(dino: Path) -> None:
    arguments = ["sample", "dino", "--checkpoint", str(dino)]
    unneeded = {"rich", "telegram", "model.training.trainer"}
    program = (
        "import runpy, sys, atexit\n"
        f"atexit.register(lambda: print(*(set(sys.modules) & {unneeded!r})))\n"
        f"sys.argv = ['model', *{arguments!r}]\n"
        "runpy.run_module('model', run_name='__main__')\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[5:] == [""]  # no module is named below the five names


# evaluate, look


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


def test_a_look_has_a_row_for_each_word_and_says_which_words_are_near(tmp_path: Path) -> None:
    made = small_poet()
    assert isinstance(made.vocabulary, WordVocabulary)
    near = np.zeros((len(made.vocabulary), 2), np.int8)
    for word in ("wolf", "wilderness"):
        near[made.vocabulary.ids[word]] = 9
    near[made.vocabulary.ids["worm"]] = -9
    path = tmp_path / "near.safetensors"
    save(path, replace(made, neighbours=near, stand_ins=frozenset({"phone wolf"})))
    _, *rows, last = run_well(
        "look", "poem", "The wolf, qvq phone", "--checkpoint", path
    ).splitlines()
    assert [row.split()[0] for row in rows if row.strip()] == ["the", "wolf", ",", "qvq", "phone"]
    assert "phone (wolf)" in rows[-1]
    assert all(4 <= row.count("%") <= 5 for row in rows)
    assert last == "Words that a poem on this would favour: wilderness"


def test_a_look_has_a_row_for_each_letter(dino: Path, poem: Path) -> None:
    for network, weights, text, letters in (
        ("dino", dino, "Mángo", [*"mango", "end"]),
        ("poem", poem, "Ah Me", [*"ah␣me"]),
    ):
        _, *rows = run_well("look", network, text, "--checkpoint", weights).splitlines()
        assert [row.split()[0] for row in rows if row.strip()] == letters
        assert all(4 <= row.count("%") <= 5 for row in rows)


# Errors


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("train dino --promote --out x", "omit --out"),
        ("train dino --promote --corpus x", "and --corpus"),
        ("train dino --corpus a --corpus b", "one file"),
        ("train dino --epochs 0", "--epochs': Input should be greater than or equal to 1"),
        ("sample dino --temperature 9", "Input should be less than or equal to 5"),
        ("sample dino --temperature hot", "'--temperature': Input should be a valid number"),
        ("train dino --from x --hidden-size 8", "omit --cell, --hidden-size"),
        ("train", "Missing argument"),
        (
            "train sonnet",
            "'sonnet' is not known; choose dino, poem, letters; names or verse for your own texts",
        ),
        (
            "sample haiku",
            "'haiku' is not known; choose dino, poem, sonnet, letters; names or verse for your own",
        ),
        ("evaluate dino --samples 0", "Input should be greater than or equal to 1"),
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
        ("sample dino --checkpoint {}/names.txt", "{}/names.txt: not a complete file of"),
        (
            "sample poem --checkpoint {}/dino/weights.safetensors",
            "these weights write names, not verse",
        ),
        ("sample dino --checkpoint {}/dino/weights.safetensors --top-p 0", "top_p"),
        ("sample sonnet --prompt one\ntwo", "a sonnet begins with one line"),
        (
            "sample sonnet --checkpoint {}/poem/weights.safetensors",
            "a checkpoint of letters cannot serve a SonnetRequest",
        ),
        (
            "evaluate dino --checkpoint {}/poem/weights.safetensors",
            "these weights write verse, not names",
        ),
        ("train dino --corpus {}", "{}: Is a directory"),
        ("train dino --corpus {}/names.txt --out .", ".: --out must end in .safetensors"),
        (
            "train poem --corpus {}/poems.txt --from {}/dino/weights.safetensors",
            "these weights write names",
        ),
        (
            "look dino 日本 --checkpoint {}/dino/weights.safetensors",
            "none of the letters of '日本'",
        ),
    ],
)
def test_an_error_is_one_line_on_stderr_with_exit_code_1(
    folder: Path, arguments: str, sentence: str
) -> None:
    result = run(*(argument.format(folder) for argument in arguments.split(" ")))
    assert result.exit_code == 1
    assert result.stdout == ""
    *_, last = result.stderr.splitlines(keepends=True)
    assert last.startswith("error: ")
    assert sentence.format(folder) in last
    assert result.stderr.count("error: ") == 1
