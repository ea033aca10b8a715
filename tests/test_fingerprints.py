"""Fingerprints: every text of the set is found, and of other texts hardly one."""

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


def test_few_other_texts_are_found_as_the_hash_is_the_first_32_bits_of_sha256() -> None:
    assert Fingerprints.of(["abc"]).hashes.tolist() == [0xBA7816BF]  # FIPS 180-2, appendix B.1
    found = Fingerprints.of(map(str, range(20_000)))
    assert sum(str(-n) in found for n in range(1, 20_001)) < 3  # 0.1 are to be expected
