"""Side-by-side measurements: python -m benchmarks. Nothing in model/ or bot/ imports them."""
