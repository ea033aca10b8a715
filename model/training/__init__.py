"""Makes a checkpoint of a corpus: `trainer` has the loop, `recipes` its settings, and `log` its record.

`optimizer` updates parameters, `distillation` asks teachers, and `rules` adds rules of writing.
"""
