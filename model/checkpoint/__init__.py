"""Weights on disk. A file is an immutable version, and a folder of versions has a current one.

`tensor_file` writes arrays and facts with a checksum, for weights and for unfinished trainings. `encoding` says which
arrays and facts a checkpoint has. `versions` keeps the folder.
"""
