"""The textbook: recurrent networks forward and backward, as equations in NumPy.

Read it from the top of this list to the bottom, which is an evening at most. Clarity alone counts here; `model.engine`
has the same arithmetic arranged for speed, and a test holds the two equal.

Rooms, from the ground up, and what other wings use of them:

    layers           softmax, cross_entropy, GATES, Array, Ids: look-up, linear, RNN, LSTM, cross-entropy
    architecture     Architecture, Parameters, layer_keys, parameter_shapes: names, shapes and first values
    weights          Weights, size: the parameters as one array, seen by name
    language_model   LanguageModel, State, count_targets: `step`, `score` and `loss_and_gradients`
"""
