"""What the commands in `model/__main__.py` share, and the work of the longer ones.

`python -m model --help` must answer at once, so heavy imports are inside the functions that need them.

Rooms, from the ground up, and what others use of them:

    interrupt   leave_at_once, leave_in_order, INTERRUPTED: Ctrl-C while the program is loading
    failures    Commands, FAILURES, sentence: an error as one line and an exit code
    options     NetworkArgument, GenreArgument, CorpusOption, AlphabetOption, CheckpointOption, ThreadsOption,
                JsonOption, and what they name: versions_of, weights_at, texts_at, tell_of, check_out
    figures     print_json, print_evaluation, print_comparison, print_sonnets: results as tables or JSON
    display     a training as it runs
    training    run_training, add_version, print_end: what `train` does
    plots       draw: a training as a picture
"""
