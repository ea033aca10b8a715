"""Fingerprints: every text of the set is found, and of other texts hardly one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.text.fingerprints import NO_FINGERPRINTS, Fingerprints


@given(st.lists(st.text()), st.text())
def test_texts_of_the_set_are_found(texts: list[str], other: str) -> None:
    found = Fingerprints.of(texts)
    assert all(text in found for text in texts)
    assert len(found) == len(set(texts))
    assert (other in found) == (other in texts)
    assert 3 not in found


def test_few_other_texts_are_found() -> None:
    found = Fingerprints.of(map(str, range(100_000)))
    assert sum(str(-n) in found for n in range(1, 100_001)) < 20  # 2.3 are to be expected


def test_the_hash_is_the_first_32_bits_of_sha256() -> None:
    assert Fingerprints.of(["abc"]).hashes.tolist() == [0xBA7816BF]  # FIPS 180-2, appendix B.1


def test_nothing_is_in_no_fingerprints() -> None:
    assert "" not in NO_FINGERPRINTS
    assert len(NO_FINGERPRINTS) == 0


@pytest.mark.parametrize("hashes", [[2, 1], [1, 1]])
def test_hashes_that_are_not_in_order_are_refused(hashes: list[int]) -> None:
    with pytest.raises(ValueError, match="in ascending order"):
        Fingerprints(np.array(hashes, np.uint32))


def test_hashes_of_another_type_are_refused() -> None:
    with pytest.raises(ValueError, match="numbers of 32 bits"):
        Fingerprints(np.array([1, 2], np.int64))
