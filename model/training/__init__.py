"""Turns a corpus into a checkpoint: `trainer` has the loop, `recipes` its settings, and `log` its record.

`optimizer` updates parameters, `distillation` asks teachers, and `rules` adds the rules of writing.
"""
