"""A look inside: the shares that the network gives to each letter of a text, and the button that
shows them."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.words import sentences
from bot.words.layout import look
from bot.writer import Text
from model.evaluation.held_out import held_out_loss
from model.text.corpus import Corpus
from model.text.forms import Form
from model.writing.decoder import Decoder
from model.writing.look import OTHERS
from tests.fake_chat import FakeChat
from tests.serving import untrained

LOOK_AT = sentences.LOOK_AT.format


@pytest.mark.parametrize("form", ["names", "verse"])
@given(text=st.text("abc", min_size=1, max_size=12))
@settings(max_examples=10)
def test_the_shares_are_those_that_the_decoder_draws_with(form: Form, text: str) -> None:
    weights = untrained(form)
    letters = Decoder(weights).look(text if form == "names" else f"{text}\n")
    assert "".join(letter for letter, _, _ in letters) == f"{text}end"
    corpus = Corpus(form, (), (text,), (), weights.vocabulary, "")
    loss = held_out_loss(weights.language_model, corpus)
    assert -np.mean([np.log(share) for _, share, _ in letters]) == pytest.approx(loss, rel=1e-3)
    for letter, share, others in letters:
        thought = [of_it for _, of_it in others]
        assert len({letter, *(other for other, _ in others)}) == OTHERS + 1
        assert thought == sorted(thought, reverse=True)
        assert share + sum(thought) <= 1 + 1e-9


async def test_a_button_below_the_details_looks_inside_each_name(
    chat: FakeChat, bob: FakeChat
) -> None:
    await chat.ask("/dino 3 ma")
    details = await chat.press("details")
    names = re.findall("<b>(.*?)</b>", details.html)
    assert details.labels == [LOOK_AT(name) for name in names]
    message = await chat.press(LOOK_AT(names[1]))
    assert message.html.startswith(f"<b>{names[1]}</b>, letter by letter")
    rows = re.findall("<pre>(.*)</pre>", message.html, re.DOTALL)[0].split("\n")
    assert [row.split()[0] for row in rows] == [*names[1].lower(), "end"]
    bob.messages = chat.messages[:2]
    await bob.press(LOOK_AT(names[1]))
    assert bob.notices == [sentences.plain(sentences.NOT_YOURS)]
    code = details.buttons[0][0].data.split(":")[2]
    await chat.press_data(f"1:look:{code}:3")
    await chat.ask("/poem Shall I")
    await chat.press_data(f"1:look:{chat.messages[-1].buttons[0][0].data.split(':')[2]}:0")
    assert chat.notices[-2:] == [sentences.plain(sentences.OLD_BUTTON)] * 2


def test_a_look_at_the_longest_name_fits_and_a_taboo_name_has_none() -> None:
    letters = replace(Text(("q" * 40,)), look=Decoder(untrained("names")).look("q" * 40))
    assert len(look(letters, 0)) < 4096
    assert look(Text(("fuckosaurus",)), 0) == sentences.TABOO_NAME
