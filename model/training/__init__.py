"""From a corpus to a checkpoint: `trainer` has the loop, `recipes` its settings, and `log` its record.

`optimizer` goes down the gradients, and `distillation` is what teachers do for a smaller network.
"""
