"""The tests. A file without `test_` in front holds what several tests share."""
