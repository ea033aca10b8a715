"""The arithmetic of `model.network`, arranged for the machine. Read that one first: the equations are the same.

Nearly all the time of a recurrent network goes into one product for each layer and time step. Row by row, as the
textbook has it, the pre-activations of B sequences are z = x w: a (B, D) matrix by a (D, K) one. This is how the same
numbers are found faster. The table shows microseconds for one such product of an LSTM, D = 2H + 1 and K = 4H, on one
core; `python -m benchmarks products` measures it.

    H, B        rows, x w    columns, wᵀ x    panels and groups
    128, 128          362              352                  321
    256, 64           854              718                  605
    512, 64         3,694            3,304                2,586

Columns. Here a sequence is a column, and z = wᵀ x is a (K, D) matrix by a (D, B) one. The K numbers of a sequence lie
in K rows, so the gates of an LSTM are slices of whole rows, and loops over elements run along memory.

Panels and groups. Before OpenBLAS multiplies two large matrices, it packs both into the order that its kernel reads,
which costs up to 40 % on top for these shapes. Products of up to a million multiplications it computes without packing.
So the weights are put in order once for all time steps (0.5 ms at H 256, for 64 steps), in panels of 8 outputs, and
the batch is cut into groups of at most 32 columns: one step is many small products, (8, D) by (D, 32). Panels of 8 in
groups of 32 are the fastest, or within 3 % of it, at all three widths.

One product a layer. A layer reads [x_t, 1, h_{t-1}], stacked in one column, with the weights [w_x; b; w_h]: the bias is
the weight of an input that is always 1. The look-up of the first layer is a product with one-hot columns, which costs
little with 38 characters.

One tanh. Because σ(z) = ½ + ½ tanh(z/2), one call of tanh serves all four gates of an LSTM, once the weights of three
are halved. Halving is exact, so no digit changes.

No new memory. A training step writes megabytes, and allocating them costs as much as filling them. So a `Workspace`
keeps arrays by name and shape, and functions borrow their scratch memory from it (a `Lend`).

Processes. One step of a recurrence is short and its products are small, so threads inside it gain little, and Python
threads would wait for each other's interpreter hundreds of times in a training step. Instead, each further core has a
process that takes its share of the batch forward and backward. They meet once a step, to add their gradients.

Exact sums. A floating-point sum depends on its order, and the order depends on shapes, threads and processor. So a text
could change with the company it is written in. `Lockstep`, which the decoder uses, prevents that: it rounds weights and
states to grids of powers of two, so coarse that every sum of their products is a whole number of grid steps and has no
more digits than a float. Such a sum is exact in any order. Rounding moves h by at most 1/512 and raises the held-out
losses of the released networks by 0.0001 nats. It also leaves the layout free: the fastest form of a product for a
number of rows gives the same bits as any other.

Rooms, from the ground up, and what other wings use of them:

    threads         available_cores, blas_threads: how many threads the matrix library may use
    columns         batches of rows as groups of columns, and back
    products        products of columns, by panels of weights
    layers          RNN, LSTM and cross-entropy on columns, in place
    workspace       the arrays of a training step, made once
    training_step   TrainingStep: the loss and the gradients of a batch
    shard           a process that computes a share of every batch
    parallel        Shards, ParallelError: a training step on several cores
    lockstep        Lockstep: many rows one character on, each with the bits it would have alone
"""
