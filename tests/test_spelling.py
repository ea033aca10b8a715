"""Sequences of letters that no real name has."""

from model.evaluation.spelling import have_unseen, sequences


def test_the_ends_of_a_name_count_as_letters() -> None:
    assert sequences("abcd") == {"\nab", "abc", "bcd", "cd\n"}
    assert sequences("a") == {"\na\n"}
    assert sequences("") == set()


def test_a_name_is_unseen_if_one_of_its_sequences_is() -> None:
    real = ["abba", "cab"]
    assert have_unseen(["abba", "cabba", "abb", "bba", "bbc"], real) == [False, False, True, True, True]
    assert have_unseen(["abba"], []) == [True]
    assert have_unseen([], real) == []
