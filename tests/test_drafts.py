"""Drafts: when a text goes on, starts anew or is finished, for characters given by hand.

No network takes part.
"""

from collections.abc import Iterable
from itertools import chain, cycle, product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from model.errors import RequestError
from model.text.vocabulary import Vocabulary
from model.weights.fingerprints import Fingerprints
from model.writing.drafts import Action, Draft
from model.writing.names import NameDraft
from model.writing.requests import NameRequest, VerseRequest, generator_for
from model.writing.verse import VerseDraft, seam

LETTERS = Vocabulary("\nabcdefghijklmnopqrstuvwxyz")
VERSE = Vocabulary("\n !'(),-.:;?abcdefghijklmnopqrstuvwxyz")
GENERATOR = generator_for(0, 0)  # requests need one; drafts never draw


def read(draft: Draft, characters: Iterable[str]) -> list[Action]:
    """Let the draft read one character after the other, until it finishes."""
    actions = []
    for character in characters:
        actions.append(draft.read(character))
        if actions[-1] is Action.FINISH:
            break
    return actions


def names(
    request: NameRequest, characters: str, known: frozenset[str] = frozenset()
) -> tuple[tuple[str, ...], bool]:
    draft = NameDraft(request, LETTERS, known)
    actions = read(draft, characters)
    assert len(actions) == len(characters)
    assert draft.error is None
    return draft.texts, actions[-1] is Action.FINISH


def test_names_that_are_known_repeated_empty_or_too_long_are_drawn_again() -> None:
    assert names(NameRequest(GENERATOR), "old\nnew\n", frozenset({"old"})) == (("new",), True)
    assert names(NameRequest(GENERATOR, count=2), "cab\ncab\nbac\n") == (("cab", "bac"), True)
    assert names(NameRequest(GENERATOR), "\n\ncab\n") == (("cab",), True)
    assert names(NameRequest(GENERATOR, max_length=3), "cabscab\n") == (("cab",), True)
    other = NameDraft(
        NameRequest(GENERATOR), LETTERS, frozenset({"cab"}), other_names=Fingerprints.of(["bac"])
    )
    assert read(other, "cab\nbac\nabc\n")[-1] is Action.FINISH
    assert other.texts == ("abc",)


def test_a_name_is_more_than_its_prefix() -> None:
    assert names(NameRequest(GENERATOR, prefix="cab"), "\ns\n") == (("cabs",), True)
    with pytest.raises(RequestError, match="prefix is 'cab'; a name has at most 3 characters"):
        NameDraft(NameRequest(GENERATOR, prefix="cab", max_length=3), LETTERS, frozenset())
    assert (
        NameDraft(NameRequest(GENERATOR, prefix=" Blue  de "), VERSE, frozenset()).prompt
        == "blue  de "
    )
    assert NameDraft(NameRequest(GENERATOR, prefix="a b"), LETTERS, frozenset()).prompt == "ab"


@given(st.text(max_size=12))
def test_any_prefix_is_folded_or_refused(prefix: str) -> None:
    folded = VERSE.fold(prefix).replace("\n", "").lstrip()
    if prefix and not folded:
        with pytest.raises(RequestError, match="none of its characters can begin a name"):
            NameDraft(NameRequest(GENERATOR, prefix=prefix), VERSE, frozenset())
    else:
        assert NameDraft(NameRequest(GENERATOR, prefix=prefix), VERSE, frozenset()).prompt == folded


def test_the_seam_shows_where_the_verse_begins() -> None:
    for prompt in ("", "a cab", "a cab ", "a cab\U0001f995", "a cab \U0001f995 ", "a cab\n"):
        assert seam(prompt, VERSE) == ""
    for prompt in ("a cab \U0001f995", "a cab 123", "a cab\n\U0001f995"):
        assert seam(prompt, VERSE) == " "
    assert seam("\U0001f995", VERSE) == seam(" ", VERSE) == "\n"


def verse(characters: Iterable[str], prompt: str = "", **limits: int) -> str:
    """The verse that these characters become; they must be enough for it."""
    draft = VerseDraft(VerseRequest(GENERATOR, prompt, **({"min_characters": 1} | limits)), VERSE)  # type: ignore[arg-type]  # limits are int
    assert read(draft, characters)[-1] is Action.FINISH
    if draft.error:
        assert draft.texts == ()
        raise draft.error
    return draft.texts[0]


def lines() -> Iterable[str]:
    return cycle("abc d\n")


def test_verse_ends_at_the_end_of_a_line_once_it_is_long_enough() -> None:
    assert verse(lines(), min_characters=5) == "abc d"
    assert verse(lines(), min_characters=6) == "abc d\nabc d"
    assert verse(chain("x", lines()), "prompt", min_characters=6) == "xabc d"
    assert verse(chain("x", lines()), "prompt", min_characters=7) == "xabc d\nabc d"
    assert verse("\nabc d\n", "the whole line") == "\nabc d"
    assert verse("\nabc d\n", "the whole line", max_lines=1) == ""


def test_a_blank_line_ends_verse_that_is_long_enough_and_is_left_out_before() -> None:
    assert verse("ab\n\ncd\n\n", min_characters=4) == "ab\ncd"
    assert verse("ab  \n \n\n cd\n", min_characters=4) == "ab\n cd"
    assert verse("\n\n\nab\n", "prompt", min_characters=2) == "\nab"
    assert verse("\n\nab\n", min_characters=2) == "ab"


def test_verse_without_a_whole_word_is_an_error() -> None:
    for characters, prompt in product(["x", "\n", " ", " \n"], ["", "prompt", "prompt\n"]):
        with pytest.raises(
            RequestError, match=r"no whole word in 800 characters \(max_characters\)"
        ):
            verse(cycle(characters), prompt)


@given(
    st.lists(st.sampled_from("ab,  \n\n"), min_size=1, max_size=80),
    st.sampled_from(["", "a", "a ", "a\n", "a\n\nb", "\n"]) | st.text(max_size=9),
    st.integers(1, 40),
    st.integers(0, 40),
    st.integers(1, 6),
)
def test_verse_keeps_its_limits_and_ends_with_a_whole_word(
    characters: list[str], prompt: str, least: int, more: int, max_lines: int
) -> None:
    most = least + more
    request = VerseRequest(
        GENERATOR, prompt, min_characters=least, max_characters=most, max_lines=max_lines
    )
    draft = VerseDraft(request, VERSE)
    actions = read(draft, cycle(characters))
    assert len(actions) <= most + 1
    assume(draft.error is None)
    (text,) = draft.texts
    drawn = "".join(character for character, _ in zip(cycle(characters), actions, strict=False))
    assert len(text) <= most
    assert text == text.rstrip()
    assert "\n\n" not in text
    assert drawn.split()[: len(text.split())] == text.split()  # whole words, none lost
    assert draft.prompt or text.lstrip("\n") == text
    if "\n" not in draft.prompt:
        assert (draft.prompt + text).count("\n") < max_lines
    if len(actions) <= most and len(text) < least:
        assert draft.prompt.count("\n") + text.count("\n") + 1 >= max_lines


@given(st.data(), st.booleans(), st.integers(1, 12), st.integers(0, 30))
def test_characters_may_be_read_together_or_one_by_one(
    data: st.DataObject, is_verse: bool, least: int, more: int
) -> None:
    def draft() -> Draft:
        if is_verse:
            return VerseDraft(
                VerseRequest(GENERATOR, "ab", min_characters=least, max_characters=least + more),
                VERSE,
            )
        return NameDraft(
            NameRequest(GENERATOR, count=3, max_length=least, attempts=5),
            LETTERS,
            frozenset({"ab", "a"}),
        )

    whole, single, action = draft(), draft(), Action.CONTINUE
    for _ in range(40):
        line = data.draw(st.text("ab " if is_verse else "ab", max_size=min(6, whole.remaining)))
        ends = [""] if len(line) == whole.remaining else ["\n", ""] if line else ["\n"]
        run = line + data.draw(st.sampled_from(ends))
        action = whole.read(run)
        assert action is read(single, run)[-1]
        assert (whole.texts, whole.remaining, str(whole.error)) == (
            single.texts,
            single.remaining,
            str(single.error),
        )
        if action is Action.FINISH:
            return
