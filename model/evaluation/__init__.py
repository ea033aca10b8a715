"""How good a network is: its loss on held-out text beside an n-gram's, and figures about the texts it writes.

Its files, each built on those above it, and what other wings use of them:

    held_out      held_out_loss: the loss on documents that were not trained on
    ngram         baselines, Baseline: a character n-gram's loss on the same text
    copying       how much texts copy from their sources
    appearance    figures about names and poems, sampled or real
    evaluation    evaluate, Evaluation: all figures of one checkpoint
    sonnets       evaluate_sonnets, SonnetEvaluation, first_lines: how well sonnets scan and rhyme
    comparison    compare, Comparison, WORTHWHILE, digits_for: whether one network is better than another
"""
