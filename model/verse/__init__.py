"""Verse line by line: several candidates are written for each line, side by side, and one is kept."""
