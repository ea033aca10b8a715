"""Weights on disk. A file is an immutable version, and a folder of versions has a current one.

`tensor_file` writes arrays and facts with a checksum, for weights and for unfinished trainings.
`encoding` has the class `Checkpoint`, and says which arrays and facts its file has. `versions`
keeps the folder.
"""
