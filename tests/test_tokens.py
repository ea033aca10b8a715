"""Words and marks: a text is given back, with blanks where they belong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.text.sources import sonnets_corpus
from model.text.tokens import joined, tokens_of
from model.text.vocabulary import fold


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("o'er the moon,\n'tis", ["o'er", "the", "moon", ",", "\n", "'tis"]),
        ("self-love", ["self", "-", "love"]),
        ("heart.--i am", ["heart", ".", "--", "i", "am"]),
        ("(that was his own)", ["(", "that", "was", "his", "own", ")"]),
        ("'who's there?' he said", ["'who's", "there", "?", "'", "he", "said"]),
        (
            "th' inviting time\n\nthe boys' ;",
            ["th'", "inviting", "time", "\n", "\n", "the", "boys'", ";"],
        ),
        ("", []),
    ],
)
def test_words_keep_their_apostrophes_and_marks_stand_alone(text: str, tokens: list[str]) -> None:
    assert tokens_of(text) == tokens


def test_nearly_all_lines_of_shakespeare_come_back_letter_for_letter() -> None:
    corpus = sonnets_corpus()
    texts = (*corpus.training, *corpus.held_out, *corpus.pretraining)
    lines = [line for text in texts for line in text.split("\n")]
    changed = [line for line in lines if joined(tokens_of(line)) != line]
    assert len(changed) < 0.003 * len(lines)
    for line in changed:  # only blanks changed
        assert joined(tokens_of(line)).replace(" ", "") == line.replace(" ", "")


@given(st.text() | st.text(st.sampled_from("ab' -,;?(\n")))
def test_of_any_text_only_blanks_change_and_only_once(text: str) -> None:
    folded = fold(text)
    once = joined(tokens_of(folded))
    assert joined(tokens_of(once)) == once
    assert "".join(once.split(" ")) == "".join(folded.split(" "))
