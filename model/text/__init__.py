"""Characters and corpora: from files that anybody may have made to batches of ids.

`encodings` reads bytes as text, `alphabets` reduces a text to its characters, `corpus` takes names or poems from it and
holds a tenth of them out, and `batches` cuts them into arrays. `vocabulary` says what folding is, and gives characters
their ids. `sources` fetches the texts that are not in the repository, and `cleaning` takes the verse out of them.
`dictionary` knows how words sound, `roots` what names mean.
"""
