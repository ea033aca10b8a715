"""The arithmetic of `model.network`, arranged for the machine.

Read that wing first: the equations are the same, and the files have the same names. `products` and
`buffers` serve the cells, and `processes` shares a training step between cores.

A recurrent network spends nearly all its time in one matrix product for each layer and time step.
The textbook has one sequence in each row: z = x w, a (B, D) matrix times a (D, K) matrix. For an
LSTM, D = 2H + 1 and K = 4H. The table has the microseconds that this product takes in three forms,
on one core; `python -m benchmarks products` measures them.

    H, B        rows, x w    columns, wᵀ x    panels and groups
    128, 128          356              343                  315
    256, 64           860              726                  599
    512, 64         3,456            3,187                2,435

Columns. Here each sequence is a column: z = wᵀ x, a (K, D) matrix times a (D, B) matrix. Each of
the four gates of an LSTM is then one contiguous block of z, and element-wise loops run along
memory.

Panels and groups. Before OpenBLAS multiplies two large matrices, it packs both into the order that
its kernel reads, which costs up to 40 % of the product itself. It does not pack for products of up
to a million multiplications. So one time step is computed as many small products, (8, D) by (D,
32): the parameters are copied into panels of 8 outputs, once for all time steps, and the batch is
split into groups of at most 32 columns. At all three widths, these two sizes are the fastest, or
within 5 % of the fastest.

One product a layer. A layer stacks its inputs [x_t, 1, h_{t-1}] in one column, its parameters [w_x;
b; w_h] in one matrix, and multiplies them. The bias belongs to an input that is always 1. The first
layer reads one-hot columns, which costs little with 38 characters. Only the GRU needs two products
(see `gru`).

One tanh. Because σ(z) = ½ + ½ tanh(z/2), a single call of tanh computes all four gates of an LSTM.
For that, the parameters of the three sigmoid gates are halved beforehand. Halving is exact, so it
changes no digit.

No new memory. A training step writes megabytes, and allocating memory takes as long as filling it.
So `Buffers` keeps all arrays by name and shape, and lends scratch memory to the functions that need
some (see `products.Lend`).

Processes. The products of one time step are small, so threads inside them gain little, and Python
threads would wait for the interpreter lock hundreds of times in a training step. Instead, each
further core has its own process, which takes its share of the batch forward and backward. The
processes meet once a training step, to add their gradients.
"""
