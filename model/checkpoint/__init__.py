"""Weights on disk: one file is one immutable version, and a folder of versions has a current one.

Rooms, from the ground up, and what other wings use of them:

    encoding   Checkpoint, Description, CheckpointError, digest_of: the bytes of a file, checksummed
    versions   Versions, load, save, write_whole: files written whole, and a pointer that moves atomically
"""
