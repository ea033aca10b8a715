"""Fingerprints find every text of their set, and hardly any other."""

from hypothesis import given
from hypothesis import strategies as st

from model.weights.fingerprints import NO_FINGERPRINTS, Fingerprints


@given(st.lists(st.text()), st.text())
def test_texts_of_the_set_are_found(texts: list[str], other: str) -> None:
    found = Fingerprints.of(texts)
    assert all(text in found for text in texts)
    assert len(found) == len(set(texts))
    assert (other in found) == (other in texts)
    assert other not in NO_FINGERPRINTS
    assert 3 not in found
