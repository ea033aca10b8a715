"""What the command line is made of; the commands themselves are in `model/__main__.py`.

`python -m model --help` is to answer at once, so rooms import what is heavy inside the functions that need it.

Rooms, from the ground up, and what others use of them:

    interrupt   leave_at_once, leave_in_order, INTERRUPTED: Ctrl-C while the program is being loaded
    failures    Commands, FAILURES, sentence: an error is one line and an exit code
    options     NetworkArgument, CorpusOption, CheckpointOption, ThreadsOption, JsonOption, and what they name:
                versions_of, weights_at, texts_at, check_out
    figures     print_json, print_evaluation, print_comparison: results as tables or JSON
    display     display_for: a training as it runs
    plots       draw: a training as a picture
"""
