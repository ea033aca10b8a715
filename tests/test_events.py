"""A training told in events: it begins, goes on, and ends as what it was, finished or stopped."""

from itertools import count
from pathlib import Path

import pytest

from model.checkpoint.versions import load
from model.text.corpus import Corpus, read_names
from model.training.events import history_path, snapshot_path, training_events
from model.training.recipes import DINO, Recipe, customised
from model.training.trainer import Training

RECIPE: Recipe = customised(DINO, hidden_size=8, epochs=2)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    path = tmp_path / "names.txt"
    starts = ("allo", "brachio", "cerato", "gallo", "iguano", "mango", "nano", "ovi", "pachy", "tri")
    path.write_text("\n".join(start + end for start in starts for end in ("saurus", "raptor", "mimus", "don")))
    return read_names(path)


def events_when_stopped_after(checks: int, corpus: Corpus, out: Path) -> list[str]:
    """Train, and wish for an end once that was asked so often."""
    asked = count(1)
    training = Training(RECIPE, corpus, snapshot=snapshot_path(out))
    told = training_events(training, corpus, out, seed=0, stopped=lambda: next(asked) > checks)
    return [event["event"] for event in told]


def test_it_tells_of_the_beginning_and_the_end(corpus: Corpus, tmp_path: Path) -> None:
    out = tmp_path / "small.safetensors"
    told = events_when_stopped_after(10**6, corpus, out)
    assert told[0] == "started"
    assert told[-1] == "finished"
    assert "progress" in told
    assert load(out).language_model.architecture.hidden_size == 8
    assert not snapshot_path(out).exists()


def test_whoever_stops_it_between_two_steps_keeps_the_snapshot(corpus: Corpus, tmp_path: Path) -> None:
    out = tmp_path / "small.safetensors"
    assert events_when_stopped_after(0, corpus, out)[-1] == "stopped"
    assert snapshot_path(out).exists()
    assert not out.exists()


def test_a_wish_to_stop_that_comes_after_the_last_step_throws_nothing_away(corpus: Corpus, tmp_path: Path) -> None:
    steps = list(Training(RECIPE, corpus).run())
    out = tmp_path / "small.safetensors"
    assert events_when_stopped_after(len(steps), corpus, out)[-1] == "finished"
    assert load(out).description.form == "names"


def test_the_log_lies_beside_the_weights_and_is_never_the_weights() -> None:
    assert history_path(Path("a/dino.safetensors")) == Path("a/dino.jsonl")
    assert history_path(Path("a/dino.jsonl")) == Path("a/dino.jsonl.jsonl")
    assert history_path(Path("a/cheeses-0.5")) == Path("a/cheeses-0.5.jsonl")
