"""Makes a checkpoint of a corpus: `runs` runs a training, `trainer` is its loop, and `history`
reads the log.

`recipes` has its settings, `sizes` makes them for a text, and `starts` has the networks that voices
begin with. `optimizer` updates parameters, `distillation` asks teachers, and `rules` adds rules of
writing.
"""
