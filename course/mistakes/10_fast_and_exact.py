# %% times
# says: are these means?
def median_times(functions, rounds, clock):
    for function in functions:
        function()
    times = [0.0 for _ in functions]
    for _ in range(rounds):
        for n, function in enumerate(functions):
            start = clock()
            function()
            times[n] += clock() - start
    return [time / rounds for time in times]

# %% times
# says: Run each function once before you measure
def median_times(functions, rounds, clock):
    times = [[] for _ in functions]
    for _ in range(rounds):
        for own, function in zip(times, functions, strict=True):
            start = clock()
            function()
            own.append(clock() - start)
    return [median(own) for own in times]

# %% times
# says: the shortest time
def median_times(functions, rounds, clock):
    for function in functions:
        function()
    times = [[] for _ in functions]
    for _ in range(rounds):
        for own, function in zip(times, functions, strict=True):
            start = clock()
            function()
            own.append(clock() - start)
    return [min(own) for own in times]

# %% times
# says: Let them take turns
def median_times(functions, rounds, clock):
    found = []
    for function in functions:
        function()
        times = []
        for _ in range(rounds):
            start = clock()
            function()
            times.append(clock() - start)
        found.append(median(times))
    return found

# %% times
# says: Let them take turns
def median_times(functions, rounds, clock):
    for function in functions:
        function()
    found = []
    for function in functions:
        times = []
        for _ in range(rounds):
            start = clock()
            function()
            times.append(clock() - start)
        found.append(median(times))
    return found

# %% times
# says: the clock that you were given
def median_times(functions, rounds, clock):
    for function in functions:
        function()
    times = [[] for _ in functions]
    for _ in range(rounds):
        for own, function in zip(times, functions, strict=True):
            start = time.perf_counter()
            function()
            own.append(time.perf_counter() - start)
    return [median(own) for own in times]

# %% in-one-piece
# says: mixes the numbers up
def weight_gradient(x, d_z):
    return x.reshape(x.shape[-1], -1) @ d_z.reshape(-1, d_z.shape[-1])

# %% in-one-piece
# says: one gradient for each step
def weight_gradient(x, d_z):
    return x.swapaxes(1, 2) @ d_z

# %% in-one-piece
# says: multiply, then add
def weight_gradient(x, d_z):
    return x.sum(axis=0).T @ d_z.sum(axis=0)

# %% in-one-piece
# says: add up
def weight_gradient(x, d_z):
    return x.reshape(-1, x.shape[-1]).T @ d_z.reshape(-1, d_z.shape[-1]) / len(x)

# %% grid
# says: decimal digits
def on_grid(numbers, digits):
    return np.round(numbers, digits)

# %% grid
# says: rounded down
def on_grid(numbers, digits):
    return numbers * 2**digits // 1 / 2**digits

# %% grid
# says: divide again
def on_grid(numbers, digits):
    return np.rint(numbers * 2**digits)

# %% bits
# says: enough for one product
def bits_needed(terms, bits_of_w, bits_of_h):
    return bits_of_w + bits_of_h

# %% bits
# says: It has n + 1
def bits_needed(terms, bits_of_w, bits_of_h):
    return (terms * 2**bits_of_w * 2**bits_of_h).bit_length()

# %% bits
# says: how many binary digits does it have?
def bits_needed(terms, bits_of_w, bits_of_h):
    return terms * (2**bits_of_w - 1) * (2**bits_of_h - 1)

# %% times
# says: is the same list twice
def median_times(functions, rounds, clock):
    for function in functions:
        function()
    times = [[]] * len(functions)
    for _ in range(rounds):
        for own, function in zip(times, functions, strict=True):
            start = clock()
            function()
            own.append(clock() - start)
    return [median(own) for own in times]

# %% times
# says: does the clock start once a round?
def median_times(functions, rounds, clock):
    for function in functions:
        function()
    times = [[] for _ in functions]
    for _ in range(rounds):
        start = clock()
        for own, function in zip(times, functions, strict=True):
            function()
            own.append(clock() - start)
    return [median(own) for own in times]

# %% times
# says: did you subtract the end from the start?
def median_times(functions, rounds, clock):
    for function in functions:
        function()
    times = [[] for _ in functions]
    for _ in range(rounds):
        for own, function in zip(times, functions, strict=True):
            start = clock()
            function()
            own.append(start - clock())
    return [median(own) for own in times]

# %% times
# says: Is it function()?
def median_times(functions, rounds, clock):
    times = [[] for _ in functions]
    for _ in range(rounds):
        for own, function in zip(times, functions, strict=True):
            start = clock()
            function
            own.append(clock() - start)
    return [median(own) for own in times]

# %% in-one-piece
# says: the shape of w.T
def weight_gradient(x, d_z):
    return d_z.reshape(-1, d_z.shape[-1]).T @ x.reshape(-1, x.shape[-1])

# %% in-one-piece
# says: this takes the steps one by one
def weight_gradient(x, d_z):
    for x_t, d_z_t in zip(x, d_z):
        d_w = x_t.T @ d_z_t
    return d_w

# %% in-one-piece
# says: a mean over all rows
def weight_gradient(x, d_z):
    rows = x.reshape(-1, x.shape[-1])
    return rows.T @ d_z.reshape(-1, d_z.shape[-1]) / len(rows)

# %% grid
# says: changes its argument numbers
def on_grid(numbers, digits):
    numbers *= 2.0**digits
    return np.rint(numbers) / 2.0**digits

# %% grid
# says: How many digits are kept is an argument
def on_grid(numbers, digits):
    return np.rint(numbers * 256) / 256

# %% grid
# says: `//` leaves whole numbers
def on_grid(numbers, digits):
    return np.rint(numbers * 2**digits) // 2**digits

# %% bits
# says: rounded up
def bits_needed(terms, bits_of_w, bits_of_h):
    return bits_of_w + bits_of_h + int(np.log2(terms))

# %% bits
# says: `bin` writes 0b
def bits_needed(terms, bits_of_w, bits_of_h):
    return len(bin(terms * (2**bits_of_w - 1) * (2**bits_of_h - 1)))

# %% bits
# says: they do not multiply
def bits_needed(terms, bits_of_w, bits_of_h):
    return terms * bits_of_w * bits_of_h

# %% times
# says: is `rounds` used?
def median_times(functions, rounds, clock):
    for function in functions:
        function()
    times = [[] for _ in functions]
    for _ in range(5):
        for own, function in zip(times, functions, strict=True):
            start = clock()
            function()
            own.append(clock() - start)
    return [median(own) for own in times]

# %% times
# says: Warm up each of them
def median_times(functions, rounds, clock):
    functions[0]()
    times = [[] for _ in functions]
    for _ in range(rounds):
        for own, function in zip(times, functions, strict=True):
            start = clock()
            function()
            own.append(clock() - start)
    return [median(own) for own in times]

# %% times
# says: the mean of the two in the middle
def median_times(functions, rounds, clock):
    for function in functions:
        function()
    times = [[] for _ in functions]
    for _ in range(rounds):
        for own, function in zip(times, functions, strict=True):
            start = clock()
            function()
            own.append(clock() - start)
    return [sorted(own)[len(own) // 2] for own in times]

# %% in-one-piece
# says: this takes the steps one by one
def weight_gradient(x, d_z):
    return sum(a.T @ b for a, b in zip(x, d_z))

# %% in-one-piece
# says: this takes the steps one by one
def weight_gradient(x, d_z):
    d_w = np.zeros((x.shape[2], d_z.shape[2]))
    for t in range(len(x)):
        d_w += x[t].T @ d_z[t]
    return d_w

# %% in-one-piece
# says: Right.
def weight_gradient(x, d_z):
    return np.tensordot(x, d_z, axes=((0, 1), (0, 1)))

# %% in-one-piece
# says: Right.
def weight_gradient(x, d_z):
    return np.einsum("tbd,tbk->dk", x, d_z)

# %% grid
# says: is `2.0**digits`
def on_grid(numbers, digits):
    return np.rint(numbers * (2.0 ^ digits)) / (2.0 ^ digits)
