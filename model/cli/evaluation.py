"""The work of the command `evaluate`: measure weights and print the figures."""

from dataclasses import asdict
from pathlib import Path

import typer

from model.cli.figures import print_evaluation, print_json, print_sonnets
from model.cli.options import texts_at, weights_at
from model.text.forms import Genre, Network


def run_evaluation(
    genre: Genre,
    checkpoint: Path | None,
    corpus: list[Path] | None,
    count: int | None,
    threads: int | None,
    *,
    json: bool,
) -> None:
    """Measure the names, verse or sonnets of some weights, from `count` samples."""
    if genre is Genre.SONNET:
        if threads is not None:
            raise typer.BadParameter("sonnets are written on one thread; omit --threads")
        _evaluate_sonnets(checkpoint, corpus, count, json=json)
        return
    from model.engine.threads import blas_threads
    from model.evaluation.evaluation import evaluate

    with blas_threads(threads):
        weights = weights_at(genre.network, checkpoint)
        texts = texts_at(genre.network, corpus, weights.vocabulary.alphabet)
        result = evaluate(weights, texts, samples=count)
    if json:
        print_json(asdict(result))
    else:
        print_evaluation(result)


def _evaluate_sonnets(checkpoint: Path | None, corpus: list[Path] | None, count: int | None, *, json: bool) -> None:
    from model.engine.threads import blas_threads
    from model.evaluation.sonnets import FIRST_LINES, evaluate_sonnets
    from model.text.sources import whole_dictionary

    if count is not None and not 1 <= count <= len(FIRST_LINES):
        raise typer.BadParameter(f"--samples is from 1 to {len(FIRST_LINES)} for sonnets, one for each first line")
    weights = weights_at(Network.POEM, checkpoint)
    texts = texts_at(Network.POEM, corpus, weights.vocabulary.alphabet)
    with blas_threads(1):  # as the bot writes them
        result = evaluate_sonnets(weights, texts, whole_dictionary(), count=count)
    if json:
        print_json(asdict(result))
    else:
        print_sonnets(result)
