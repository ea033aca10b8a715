# %% half-life
def half_life(bias):
    return np.log(0.5) / np.log(sigmoid(bias))
