"""Recurrent networks in NumPy: their data, training, checkpoints and sampling."""
