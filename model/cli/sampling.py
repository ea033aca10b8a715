"""What `sample` asks the decoder for, and the texts that it prints."""

from typing import TYPE_CHECKING

import typer

from model.text.forms import Genre
from model.writing.limits import SONNET_TEMPERATURE, USUAL_TEMPERATURE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model.text.vocabulary import Vocabulary
    from model.writing.requests import Request, Result


def usual_temperature(genre: Genre) -> float:
    """Return the temperature of a genre if the request gives none."""
    return SONNET_TEMPERATURE if genre is Genre.SONNET else USUAL_TEMPERATURE[genre.network.form]


def check_options(genre: Genre, top_p: float | None, *, known_words: bool) -> None:
    """Refuse options that a genre does not have."""
    if known_words and genre is Genre.DINO:
        raise typer.BadParameter("--known-words is for poem; new names are never known words")
    if known_words and genre is Genre.SONNET:
        raise typer.BadParameter("--known-words is for poem; a sonnet has only known words anyway")
    if top_p not in (None, 1) and genre is Genre.SONNET:
        raise typer.BadParameter("--top-p is for dino and poem; a sonnet is chosen from many lines")


def requests_for(
    genre: Genre,
    prompt: str,
    count: int | None,
    temperature: float,
    top_p: float | None,
    seed: int,
    *,
    known_words: bool,
) -> "Sequence[Request]":
    """Return the requests of a genre: one for all names, one for each poem or sonnet."""
    from model.writing.requests import NameRequest, Sampling, SonnetRequest, VerseRequest, generator_for

    turns = range(count or 1)
    if genre is Genre.SONNET:
        return [SonnetRequest(generator_for(seed, turn), prompt, temperature) for turn in turns]
    sampling = Sampling(temperature, top_p)
    if genre is Genre.POEM:
        return [VerseRequest(generator_for(seed, turn), prompt, sampling, known_words=known_words) for turn in turns]
    usual_count = 5 if temperature else 1  # temperature 0 gives only one name
    return [NameRequest(generator_for(seed, 0), count or usual_count, prompt, sampling)]


def whole_texts(genre: Genre, prompt: str, results: "Sequence[Result]", vocabulary: "Vocabulary") -> list[str]:
    """Return the texts with their prompts."""
    texts = [text for result in results for text in result.texts]
    if genre is Genre.DINO:
        return texts
    if genre is Genre.SONNET:
        from model.sonnets.search import whole_sonnet

        return [whole_sonnet(prompt, text) for text in texts]
    from model.writing.verse import seam

    return [prompt + seam(prompt, vocabulary) + text for text in texts]
