"""From a corpus to a checkpoint.

Rooms, from the ground up, and what other wings use of them:

    recipes       Cell, Recipe, RecipeName, customised, further, recipe_for: the settings of a training
    distillation  what a network learns from its teachers
    optimizer     SGD, clip_by_value: gradient clipping, SGD, Adam, the learning rate and averages of weights
    trainer       Trainer, Progress: the loop, for each stage, for each epoch, for each batch
    log           Event, Floats, History, history_path, read_history, record, snapshot_path: the record of a training
"""
