"""How good a network is: its loss on held-out text, beside counting, and what a reader sees of its texts.

Rooms, from the ground up, and what other wings use of them:

    held_out      held_out_loss: the loss on documents that were not trained on
    ngram         NGram, best_order: the yardstick, a model that counts
    resemblance   edits between names, and runs of characters copied from a text
    syllables     PACKAGE: syllables of a line, by the CMU Pronouncing Dictionary
    appearance    SYLLABLES: figures about names and poems, whoever wrote them
    evaluation    evaluate, Evaluation: all of the above for one checkpoint
    comparison    compare, Comparison: whether one network is better than another
"""
