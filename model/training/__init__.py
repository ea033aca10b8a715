"""Makes a checkpoint of a corpus: `runs` runs a training, `trainer` is its loop, and `history`
reads its log.

`recipes` has its settings, `sizes` makes them for a text, and `snapshot` lets it go on.
`optimizer` updates parameters, `distillation` asks teachers, and `rules` adds rules of writing.
"""
