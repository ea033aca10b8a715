"""Wrong answers to the exercises of chapter 3, each with a part of the sentence that must help."""


# %% tanh-slope
# says: Is tanh taken a second time?
def tanh_slope(h):
    return 1 - np.tanh(h) ** 2


# %% tanh-slope
# says: is h squared?
def tanh_slope(h):
    return 1 - h


# %% tanh-slope
# says: this is the slope of the sigmoid
def tanh_slope(h):
    return h * (1 - h)


# %% tanh-slope
# says: it is right at 0, 1 and -1, but not between
def tanh_slope(h):
    return 1 - abs(h)


# %% tanh-slope
# says: `^` is no power in Python
def tanh_slope(h):
    return 1 - h ^ 2


# %% d-logits
# says: the sign is wrong
def d_logits(p, target):
    q = np.zeros(len(p))
    q[target] = 1
    return q - p


# %% d-logits
# says: still have to go back through the softmax
def d_logits(p, target):
    d = np.zeros(len(p))
    d[target] = -1 / p[target]
    return d


# %% d-logits
# says: Is 1 taken away from it?
def d_logits(p, target):
    return p


# %% d-logits
# says: it should have (4,)
def d_logits(p, target):
    return p[target] - 1


# %% one-step-back
# says: Is w_h turned on its side
def one_step_back(d_logits, d_z_next, h, w_y, w_h):
    return (d_logits @ w_y.T + d_z_next @ w_h) * (1 - h**2)


# %% one-step-back
# says: is the slope of tanh still missing?
def one_step_back(d_logits, d_z_next, h, w_y, w_h):
    return d_logits @ w_y.T + d_z_next @ w_h.T


# %% one-step-back
# says: What does the next step say?
def one_step_back(d_logits, d_z_next, h, w_y, w_h):
    d_h = d_logits @ w_y.T
    return d_h * (1 - h**2)


# %% one-step-back
# says: Is a bracket missing?
def one_step_back(d_logits, d_z_next, h, w_y, w_h):
    return d_logits @ w_y.T + d_z_next @ w_h.T * (1 - h**2)


# %% one-step-back
# says: Is a `.T` missing, or one too many?
def one_step_back(d_logits, d_z_next, h, w_y, w_h):
    return (d_logits @ w_y + d_z_next @ w_h.T) * (1 - h**2)


# %% one-step-back
# says: the two arrows are multiplied
def one_step_back(d_logits, d_z_next, h, w_y, w_h):
    return (d_logits @ w_y.T) * (d_z_next @ w_h.T) * (1 - h**2)


# %% sum-over-time
# says: is h the state after the step?
def gradient_of_w_h(h, d_z):
    return sum(np.outer(h[t + 1], d_z[t]) for t in range(len(d_z)))


# %% sum-over-time
# says: Is += there
def gradient_of_w_h(h, d_z):
    for t in range(len(d_z)):
        d_w_h = np.outer(h[t], d_z[t])
    return d_w_h


# %% sum-over-time
# says: is it turned on its side?
def gradient_of_w_h(h, d_z):
    return d_z.T @ h[:-1]


# %% sum-over-time
# says: this is the mean over the steps
def gradient_of_w_h(h, d_z):
    return np.mean([np.outer(h[t], d_z[t]) for t in range(len(d_z))], axis=0)


# %% sum-over-time
# says: one step is missing
def gradient_of_w_h(h, d_z):
    return sum(np.outer(h[t], d_z[t]) for t in range(3))


# %% mended
# says: w_x, w_h and b are not
mended_backward = broken_backward


# %% mended
# says: should return the five gradients
def mended_backward(parameters, reads, targets):
    return broken_backward(parameters, reads, targets)["w_h"]


# %% mended
# says: the gradient of w_h has the right shape, but
def mended_backward(parameters, reads, targets):
    return backward(parameters, reads, targets) | {"w_h": parameters["w_h"]}
