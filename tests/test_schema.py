"""Text in the database: whatever people write comes back, and the text of older databases stays."""

from hypothesis import given
from hypothesis import strategies as st

from bot.people.schema import ESCAPED, escaped, unescaped


@given(st.text(st.characters()) | st.text(st.sampled_from(f"\0\ud83d\ude00{ESCAPED}\\xu0a")))
def test_escaping_is_reversible_and_leaves_plain_text_alone(text: str) -> None:
    stored = escaped(text)
    assert unescaped(stored) == text
    assert "\0" not in stored
    stored.encode()
    if "\0" not in text and not text.startswith(ESCAPED) and text.isprintable():
        assert stored == text


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_text_of_an_older_database_stays_as_it_is(text: str) -> None:
    """Nobody wrote an escape before there was one, so text with one at its beginning, but not of our making, is old."""
    old = text if not text.startswith(ESCAPED) else f"{text}\0"
    assert unescaped(old) == old
