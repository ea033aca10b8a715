# %% times
def median_times(functions, rounds, clock):
    for function in functions:
        function()
    times = [[] for _ in functions]
    for _ in range(rounds):
        for own, function in zip(times, functions, strict=True):
            start = clock()
            function()
            own.append(clock() - start)
    return [median(own) for own in times]

# %% in-one-piece
def weight_gradient(x, d_z):
    return x.reshape(-1, x.shape[-1]).T @ d_z.reshape(-1, d_z.shape[-1])

# %% grid
def on_grid(numbers, digits):
    return np.rint(numbers * 2.0**digits) / 2.0**digits

# %% bits
def bits_needed(terms, bits_of_w, bits_of_h):
    return (terms * (2**bits_of_w - 1) * (2**bits_of_h - 1)).bit_length()
