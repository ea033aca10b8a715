"""The textbook: recurrent networks, forward and backward, as equations in NumPy.

A network has read 1,410 names of dinosaurs and, before these, many more of other living things. Ask
it to go on after "mango": more than one time in four, it says "saurus". Why? How did it learn that?
How do we know that it did not just learn its list by heart? Read in this order:

    layers        from numbers to probabilities of letters, to a loss, and back to a gradient
    rnn           a memory that is carried from step to step, and the way back through it
    lstm, gru     memories that last longer
    parameters    all the numbers of a network, and their first values
    network       layers above each other, and the way back through them; letters or words
    sample        a loss that looks at some words in place of all
    gradients     how we know that all this is derived without a mistake (it runs, too)
    train         a whole training; `python -m model.network --cell gru` runs it
    exact         the same step for a text that must be equal on every machine

That takes about an hour and a half. `make course` opens notebooks in which you build all of it
yourself. The same files train the networks of this project, so they must also be quick. Outside the
loop over time, they multiply in one piece all that waits for nothing. Inside the loop,
`layers.multiplier` does what x @ w does, in less time.

Some things are left out because they are not needed at this size: layer normalisation (one or two
layers train well without), attention (a name has a dozen letters), a graphics card (a step takes
milliseconds). `train` also does without an embedding, dropout and a falling learning rate.
`model.training` has all three.
"""
