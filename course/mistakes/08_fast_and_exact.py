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

# %% one-matrix
# says: is b missing?
def one_matrix(w_x, b, w_h):
    return np.vstack([w_x, w_h])


def one_input(x, h):
    return np.hstack([x, h])

# %% one-matrix
# says: the ones stand last in the input
def one_matrix(w_x, b, w_h):
    return np.vstack([w_x, b, w_h])


def one_input(x, h):
    return np.hstack([x, h, np.ones((len(x), 1))])

# %% one-matrix
# says: are the ones missing?
def one_matrix(w_x, b, w_h):
    return np.vstack([w_x, b, w_h])


def one_input(x, h):
    return np.hstack([x, h])

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
