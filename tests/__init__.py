"""Tests, one file for each room; `serving` holds what several share."""
