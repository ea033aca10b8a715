"""The textbook: recurrent networks, forward and backward, as equations in NumPy.

Read `layers`, then the three cells, `rnn`, `lstm` and `gru`, each of which derives its gradients, then `parameters` and
`network`: about an hour. Clarity alone counts here. `model.engine` has the same arithmetic in files of the same names,
arranged for the machine, and a test holds the two equal.
"""
