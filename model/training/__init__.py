"""From a corpus to a checkpoint.

Rooms, from the ground up, and what other wings use of them:

    recipes       Recipe, Cell, customised: the settings of the released networks
    measurement   the held-out text that a training is measured on, and an n-gram's loss there
    sizes         recipe_for, further: the recipe for a text, by its size, and for one more round
    reading       what a stage reads, batch by batch, and where a resumed training reads on
    dropout       dropout of inputs and of layer outputs
    optimizer     SGD, clip_by_value: gradient clipping, SGD, Adam and the learning-rate schedule
    progress      Progress: what a training reports after each step
    stages        which stage of a training runs, how far it is, and when it ends
    teachers      networks that a smaller one learns from
    course        one network through its stages: the training loop
    trainer       Training: all networks of a recipe, one after the other
    events        Event, run, keep_as_version, history_path, snapshot_path: a training as a stream of events
    history       read_history, History, Floats: the log of those events, read back
"""
