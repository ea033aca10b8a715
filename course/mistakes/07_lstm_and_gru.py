# %% half-life
# says: upside down
def half_life(bias):
    return np.log(sigmoid(bias)) / np.log(0.5)


# %% half-life
# says: A gate is a sigmoid
def half_life(bias):
    return np.log(0.5) / np.log(np.tanh(bias))


# %% half-life
# says: not f times k
def half_life(bias):
    return 0.5 / sigmoid(bias)


# %% half-life
# says: need not be a whole number
def half_life(bias):
    steps, left = 0, 1.0
    while left > 0.5:
        steps, left = steps + 1, left * sigmoid(bias)
    return steps


# %% lstm-step
# says: are i and f exchanged?
def lstm_step(x, h, c, p):
    z_o, z_f, z_i, z_g = np.split(x @ p.w_x + p.b + h @ p.w_h, 4, axis=-1)
    c_next = sigmoid(z_f) * c + sigmoid(z_i) * np.tanh(z_g)
    return sigmoid(z_o) * np.tanh(c_next), c_next


# %% lstm-step
# says: does g go through the sigmoid too?
def lstm_step(x, h, c, p):
    o, i, f, g = np.split(sigmoid(x @ p.w_x + p.b + h @ p.w_h), 4, axis=-1)
    c_next = f * c + i * g
    return o * np.tanh(c_next), c_next


# %% lstm-step
# says: does h' read the old c?
def lstm_step(x, h, c, p):
    z_o, z_i, z_f, z_g = np.split(x @ p.w_x + p.b + h @ p.w_h, 4, axis=-1)
    return sigmoid(z_o) * np.tanh(c), sigmoid(z_f) * c + sigmoid(z_i) * np.tanh(z_g)


# %% lstm-step
# says: Are the two exchanged?
def lstm_step(x, h, c, p):
    z_o, z_i, z_f, z_g = np.split(x @ p.w_x + p.b + h @ p.w_h, 4, axis=-1)
    c_next = sigmoid(z_f) * c + sigmoid(z_i) * np.tanh(z_g)
    return c_next, sigmoid(z_o) * np.tanh(c_next)


# %% lstm-step
# says: shown without its tanh
def lstm_step(x, h, c, p):
    z_o, z_i, z_f, z_g = np.split(x @ p.w_x + p.b + h @ p.w_h, 4, axis=-1)
    c_next = sigmoid(z_f) * c + sigmoid(z_i) * np.tanh(z_g)
    return sigmoid(z_o) * c_next, c_next


# %% lstm-step
# says: the order in the picture
def lstm_step(x, h, c, p):
    z_f, z_i, z_g, z_o = np.split(x @ p.w_x + p.b + h @ p.w_h, 4, axis=-1)
    c_next = sigmoid(z_f) * c + sigmoid(z_i) * np.tanh(z_g)
    return sigmoid(z_o) * np.tanh(c_next), c_next


# %% cho
# says: the textbook's variant
def cho_step(x, h, p):
    z_r, z_u, z_n = np.split(x @ p.w_x + p.b, 3, axis=-1)
    s_r, s_u, s_n = np.split(h @ p.w_h, 3, axis=-1)
    r, u = sigmoid(z_r + s_r), sigmoid(z_u + s_u)
    return (1 - u) * np.tanh(z_n + r * s_n) + u * h


# %% cho
# says: are u and 1 - u exchanged?
def cho_step(x, h, p):
    z_r, z_u, z_n = np.split(x @ p.w_x + p.b, 3, axis=-1)
    w_r, w_u, w_n = np.split(p.w_h, 3, axis=-1)
    r, u = sigmoid(z_r + h @ w_r), sigmoid(z_u + h @ w_u)
    return u * np.tanh(z_n + (r * h) @ w_n) + (1 - u) * h


# %% cho
# says: cho_step stops
def cho_step(x, h, p):
    z_r, z_u, z_n = np.split(x @ p.w_x + p.b, 3, axis=-1)
    r, u = sigmoid(z_r + h @ p.w_h), sigmoid(z_u + h @ p.w_h)
    return (1 - u) * np.tanh(z_n + (r * h) @ p.w_h) + u * h


# %% cho
# says: The last equation reads h as it was
def cho_step(x, h, p):
    z_r, z_u, z_n = np.split(x @ p.w_x + p.b, 3, axis=-1)
    w_r, w_u, w_n = np.split(p.w_h, 3, axis=-1)
    r, u = sigmoid(z_r + h @ w_r), sigmoid(z_u + h @ w_u)
    h = r * h
    return (1 - u) * np.tanh(z_n + h @ w_n) + u * h


# %% peephole
# says: the one through the peephole
def peephole_back(d_h, z, c, w):
    o, tanh_c = sigmoid(z + w * c), np.tanh(c)
    d_z = d_h * tanh_c * o * (1 - o)
    return d_z, d_h * o * (1 - tanh_c**2), (d_z * c).sum(axis=0)


# %% peephole
# says: the slope of the sigmoid
def peephole_back(d_h, z, c, w):
    o, tanh_c = sigmoid(z + w * c), np.tanh(c)
    d_z = d_h * tanh_c
    return d_z, d_h * o * (1 - tanh_c**2) + d_z * w, (d_z * c).sum(axis=0)


# %% peephole
# says: used several times
def peephole_back(d_h, z, c, w):
    o, tanh_c = sigmoid(z + w * c), np.tanh(c)
    d_z = d_h * tanh_c * o * (1 - o)
    return d_z, d_h * o * (1 - tanh_c**2) + d_z * w, d_z * c


# %% peephole
# says: without the peephole
def peephole_back(d_h, z, c, w):
    o, tanh_c = sigmoid(z), np.tanh(c)
    d_z = d_h * tanh_c * o * (1 - o)
    return d_z, d_h * o * (1 - tanh_c**2) + d_z * w, (d_z * c).sum(axis=0)


# %% peephole
# says: the square of its *value*
def peephole_back(d_h, z, c, w):
    o = sigmoid(z + w * c)
    d_z = d_h * np.tanh(c) * o * (1 - o)
    return d_z, d_h * o * (1 - c**2) + d_z * w, (d_z * c).sum(axis=0)
