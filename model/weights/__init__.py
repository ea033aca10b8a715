"""Weights on disk. A file is an immutable version, and a folder of versions has a current one.

`file` writes arrays and facts. `checkpoint` has the class `Checkpoint`, and says which arrays and
facts its file has. `versions` keeps the folder. `fingerprints` keeps a set of names in four bytes
each.
"""
