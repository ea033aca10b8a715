"""The tests. Files without `test_` in front hold what several of them share."""
