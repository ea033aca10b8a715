"""The textbook: recurrent networks, forward and backward, as equations in NumPy.

Read the rooms in the order of this list; it takes about an hour. Clarity alone counts here. `model.engine` has the same
arithmetic arranged for speed, and a test holds the two equal.

Rooms, from the ground up, and what other wings use of them:

    layers           softmax, cross_entropy, GATES, Array, Ids, Mask: look-up, linear, RNN, LSTM, cross-entropy
    architecture     Architecture, Parameters, layer_keys, parameter_shapes: names, shapes and initial values
    weights          Weights, size: all parameters as one array, viewed by name
    language_model   LanguageModel, State, count_targets: `step`, `score` and `loss_and_gradients`
"""
