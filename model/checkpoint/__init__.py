"""Weights on disk: a file is an immutable version, and a folder of versions has a current one.

Rooms, from the ground up, and what other wings use of them:

    tensor_file   write, read: arrays, facts and a checksum as a file; CheckpointError
    encoding      Checkpoint, Description, CheckpointError: a checkpoint as arrays and facts
    versions      Versions, NoVersionError, VERSION_NAME, load, save: the folder of versions, and the pointer to the
                  current one
"""
