"""The decoder's exact step, until `model.network.exact` takes its place.

Exact sums. A floating-point sum depends on the order of its terms, which depends on shapes, threads
and processor. So a text could depend on the other texts in the batch. In the decoder's
`exact.Lockstep`, every sum is exact in any order. Its rounding moves h by at most 1/512, and raises
the held-out losses of the released networks by at most 0.0001 nats per character; tanh from a table
(see `rounding`) raises them by at most 0.0003.
"""
