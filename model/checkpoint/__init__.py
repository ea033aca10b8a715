"""Weights on disk: a file is an immutable version, and a folder of versions has a current one.

Rooms, from the ground up, and what other wings use of them:

    encoding   Checkpoint, Description, CheckpointError, digest_of: a checkpoint as checksummed bytes
    versions   Versions, NoVersionError, VERSION_NAME, load, save, write_whole: files, the folder of versions, and the
               pointer to the current one
"""
