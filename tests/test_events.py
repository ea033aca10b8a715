"""The events of a training: started first, finished or stopped last."""

from itertools import count
from pathlib import Path

import pytest

from model.checkpoint.versions import load
from model.text.corpus import Corpus, read_names
from model.training.events import history_path, snapshot_path, training_events
from model.training.recipes import NAMES, Recipe, customised
from model.training.trainer import Training

RECIPE: Recipe = customised(NAMES, hidden_size=8, epochs=2)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    path = tmp_path / "names.txt"
    starts = ("allo", "brachio", "cerato", "gallo", "iguano", "mango", "nano", "ovi", "pachy", "tri")
    path.write_text("\n".join(start + end for start in starts for end in ("saurus", "raptor", "mimus", "don")))
    return read_names(path)


def events_when_stopped_after(steps: int, corpus: Corpus, out: Path) -> list[str]:
    """Train, stop after so many steps, and return the names of the events."""
    checks = count(1)
    training = Training(RECIPE, corpus, snapshot=snapshot_path(out))
    events = training_events(training, corpus, out, seed=0, stopped=lambda: next(checks) > steps)
    return [event["event"] for event in events]


def test_the_first_event_is_started_and_the_last_finished(corpus: Corpus, tmp_path: Path) -> None:
    out = tmp_path / "small.safetensors"
    events = events_when_stopped_after(10**6, corpus, out)
    assert events[0] == "started"
    assert events[-1] == "finished"
    assert "progress" in events
    assert load(out).language_model.architecture.hidden_size == 8
    assert not snapshot_path(out).exists()


def test_a_stopped_training_leaves_a_snapshot(corpus: Corpus, tmp_path: Path) -> None:
    out = tmp_path / "small.safetensors"
    assert events_when_stopped_after(0, corpus, out)[-1] == "stopped"
    assert snapshot_path(out).exists()
    assert not out.exists()


def test_a_stop_after_the_last_step_does_not_discard_the_weights(corpus: Corpus, tmp_path: Path) -> None:
    steps = list(Training(RECIPE, corpus).run())
    out = tmp_path / "small.safetensors"
    assert events_when_stopped_after(len(steps), corpus, out)[-1] == "finished"
    assert load(out).description.form == "names"


def test_the_log_is_beside_the_weights_and_never_the_same_file() -> None:
    assert history_path(Path("a/dino.safetensors")) == Path("a/dino.jsonl")
    assert history_path(Path("a/dino.jsonl")) == Path("a/dino.jsonl.jsonl")
    assert history_path(Path("a/cheeses-0.5")) == Path("a/cheeses-0.5.jsonl")
