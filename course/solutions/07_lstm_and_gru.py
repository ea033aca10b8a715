# %% half-life
def half_life(bias):
    return np.log(0.5) / np.log(sigmoid(bias))


# %% cho
def cho_step(x, h, p):
    z_r, z_u, z_n = np.split(x @ p.w_x + p.b, 3, axis=-1)
    w_r, w_u, w_n = np.split(p.w_h, 3, axis=-1)
    r, u = sigmoid(z_r + h @ w_r), sigmoid(z_u + h @ w_u)
    n = np.tanh(z_n + (r * h) @ w_n)
    return (1 - u) * n + u * h


# %% peephole
def peephole_back(d_h, z, c, w):
    o, tanh_c = sigmoid(z + w * c), np.tanh(c)
    d_z = d_h * tanh_c * o * (1 - o)
    d_c = d_h * o * (1 - tanh_c**2) + d_z * w
    d_w = (d_z * c).sum(axis=0)
    return d_z, d_c, d_w
