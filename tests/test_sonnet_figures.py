"""The figures about sonnets, and the commands that write and measure them."""

import json

import pytest
from typer.testing import CliRunner

from model.__main__ import app
from model.evaluation.sonnets import first_lines, rhymes_of, sonnet_figures
from model.sonnets.prosody import prosody
from model.sonnets.rhyme import Rhyme
from model.text import sources

pronounce = prosody().pronounce
SONNET = """shall i compare thee to a summer's day?
thou art more lovely and more temperate:
rough winds do shake the darling buds of may,
and summer's lease hath all too short a date:
sometime too hot the eye of heaven shines,
and often is his gold complexion dimm'd,
and every fair from fair sometime declines,
by chance, or nature's changing course untrimm'd:
but thy eternal summer shall not fade,
nor lose possession of that fair thou ow'st,
nor shall death brag thou wander'st in his shade,
when in eternal lines to time thou grow'st,
so long as men can breathe, or eyes can see,
so long lives this, and this gives life to thee."""


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_figures_of_a_real_sonnet() -> None:
    figures = sonnet_figures([SONNET], pronounce, prosody(), ["when in eternal lines to time thou grow'st,"])
    assert figures["lines"] == 14
    assert figures["lines_that_scan"] == 1
    assert figures["pairs_that_rhyme"] == pytest.approx(6 / 7)  # temperate, date
    assert figures["pairs_that_rhyme_perfectly"] == pytest.approx(6 / 7)
    assert figures["lines_copied_whole"] == 1
    assert figures["different_words"] == pytest.approx(83 / 114)


def test_own_lines_count_for_rhymes_only() -> None:
    lines = SONNET.split("\n")
    odd = "\n".join(["what is it", *lines[1:]])
    figures = sonnet_figures([odd], pronounce, prosody(), [], own_lines=1)
    assert figures["lines"] == 13
    assert figures["lines_that_scan"] == 1
    assert figures["pairs_that_rhyme"] == pytest.approx(5 / 7)


def test_pairs_with_unknown_words_are_left_out() -> None:
    assert list(rhymes_of("a day\nxyzzy\na may\nthe date", pronounce, prosody())) == [Rhyme.PERFECT]


def test_fifty_first_lines_differ() -> None:
    assert len(first_lines()) == len(set(first_lines())) == 50


def test_a_sonnet_begins_with_the_exact_prompt() -> None:
    first = "  Shall I compare thee 🦕  "
    text = run("sample", "sonnet", "--prompt", first, "--seed", "3")
    assert text.split("\n")[0] == first.strip()
    assert len(text.strip().split("\n")) == 14
    told = json.loads(run("sample", "sonnet", "--prompt", first, "--seed", "3", "--json"))
    assert told["texts"] == [text.rstrip("\n")]
    assert (told["network"], told["seed"]) == ("poem", 3)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(["--unfinished"], "keeps its first line"), (["--top-p", "0.5"], "chosen from many lines")],
)
def test_options_that_a_sonnet_does_not_have(arguments: list[str], sentence: str) -> None:
    result = CliRunner().invoke(app, ["sample", "sonnet", *arguments])
    assert result.exit_code == 2
    assert sentence in " ".join(result.output.replace("│", " ").split())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--samples", "0"], "from 1 to 50"),
        (["--samples", "51"], "from 1 to 50"),
        (["--threads", "2"], "written on one thread"),
    ],
)
def test_what_cannot_be_measured_of_sonnets(arguments: list[str], sentence: str) -> None:
    result = CliRunner().invoke(app, ["evaluate", "sonnet", *arguments])
    assert result.exit_code == 2
    assert sentence in " ".join(result.output.replace("│", " ").split())


def test_two_lines_are_an_error_in_one_line() -> None:
    result = CliRunner().invoke(app, ["sample", "sonnet", "--prompt", "one\ntwo"])
    assert result.exit_code == 1
    assert "a sonnet begins with one line" in result.output


@pytest.mark.parametrize("command", ["train", "compare"])
def test_a_sonnet_is_no_network(command: str) -> None:
    assert CliRunner().invoke(app, [command, "sonnet"]).exit_code == 2


@pytest.mark.skipif(
    bool(sources.missing(sources.DATA) or sources.missing(sources.DATA, sources.CMUDICT)),
    reason="needs the texts: python -m model fetch",
)
def test_sonnets_are_measured_beside_real_and_free_verse() -> None:
    told = json.loads(run("evaluate", "sonnet", "--samples", "2", "--json"))
    assert told["failures"] == 0
    assert len(told["seconds"]) == 2
    assert told["written"]["lines_that_scan"] == 1
    assert told["written"]["pairs_that_rhyme"] == 1
    assert told["real"]["pairs_that_rhyme"] > 0.85
    assert told["free"]["pairs_that_rhyme"] < 0.2
    assert told["written"]["lines"] == 26
