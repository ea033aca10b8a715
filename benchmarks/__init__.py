"""Side-by-side measurements, run by `python -m benchmarks`.

Nothing in model/ or bot/ imports them.
"""
