"""Makes a checkpoint of a corpus: `runs` runs a training, and `trainer` is its loop.

`recipes` has the settings of the project's trainings, `sizes` makes settings for any text, and
`starts` has the networks that voices begin with. `optimizer` updates parameters, and `rules` adds
rules of writing. `neighbours` says which words stand near each other.
"""
