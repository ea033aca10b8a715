"""From a corpus to a checkpoint: `trainer` has the loop, `recipes` its settings, and `log` its record.

`optimizer` updates the parameters, and `distillation` has what teachers do for a smaller network.
"""
