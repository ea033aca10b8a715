"""Many awaiting handlers, one decoding thread for each network.

Rooms, from the ground up, and what other wings use of them:

    nearest    Neighbour: the known name that is nearest to an invented one
    desk       Text, Watch: a decoder and the requests on it
    writer     Writer, Busy, UnpreparedError, WritingError, Stopped: from requests to texts, many at once
    archive    Archive, MissingError, UnknownError, UntrainedError: old versions and own voices, loaded on demand
    voices     Voices, Voice, name_of, named, MOST, TakenError, CrowdedError, RemovedError: own voices on disk
    folders    Folders: the versions of every network
    networks   load_networks, StartError: which weights serve
"""
