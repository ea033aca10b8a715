"""Networks: gradients against central differences and, where it is installed, PyTorch; one step against a sequence."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.network.architecture import Architecture, Parameters, parameter_shapes
from model.network.language_model import LanguageModel, State, count_targets
from model.network.layers import GATES, Array, Ids, softmax
from model.text.batches import Batch
from model.text.vocabulary import NO_CHARACTER

Cell = Literal["rnn", "lstm"]
TORCH_GATES = "ifgo"
VOCAB_SIZE, HIDDEN_SIZE, BATCH_SIZE, TIME = 5, 3, 3, 4

every_cell = pytest.mark.parametrize("cell", ["rnn", "lstm"])
every_depth = pytest.mark.parametrize("depth", [1, 2, 3])


def sequences(
    seed: int = 1, *, masked: bool = False, time: int = TIME, batch_size: int = BATCH_SIZE, vocab_size: int = VOCAB_SIZE
) -> Batch:
    """Random ids, the first input being the zero vector; the masks hide the ends of all sequences but the first."""
    generator = np.random.default_rng(seed)
    inputs, targets = generator.integers(0, vocab_size, (2, time, batch_size))
    inputs[0] = NO_CHARACTER
    lengths = generator.integers(1, time + 1, batch_size)
    lengths[0] = time
    return Batch(inputs, targets, np.arange(time)[:, None] < lengths if masked else None)


def network(
    cell: Cell, depth: int, *, hidden_size: int = HIDDEN_SIZE, vocab_size: int = VOCAB_SIZE, dtype: type = np.float64
) -> LanguageModel:
    generator = np.random.default_rng(0)
    architecture = Architecture(cell, vocab_size, hidden_size, depth)
    language_model = LanguageModel.initialise(architecture, generator, dtype)
    for parameter in language_model.parameters.values():
        parameter += generator.normal(0, 0.3, parameter.shape).astype(dtype)
    return language_model


def random_state(language_model: LanguageModel, batch_size: int = BATCH_SIZE, seed: int = 2) -> State:
    generator = np.random.default_rng(seed)
    zeros = language_model.initial_state(batch_size)
    return State(*(generator.normal(0, 0.5, part.shape).astype(part.dtype) for part in zeros))


def dropout_masks(language_model: LanguageModel, batch_size: int = BATCH_SIZE, keep: float = 0.6) -> list[Array]:
    shape = (language_model.architecture.layers, batch_size, language_model.architecture.hidden_size)
    return list((np.random.default_rng(3).random(shape) < keep) / keep)


def read_step_by_step(language_model: LanguageModel, inputs: Ids, state: State) -> tuple[Array, State]:
    """Logits (T, B, V) and the last state."""
    logits = []
    for ids in inputs:
        logits_t, state = language_model.step(ids, state)
        logits.append(logits_t)
    return np.stack(logits), state


def equal(one: Parameters, other: Parameters) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


# Gradients.


def central_differences(loss: Callable[[], float], parameter: Array, epsilon: float = 1e-5) -> Array:
    slope = np.zeros_like(parameter)
    for place in np.ndindex(parameter.shape):
        kept = parameter[place]
        parameter[place] = kept + epsilon
        above = loss()
        parameter[place] = kept - epsilon
        slope[place] = (above - loss()) / (2 * epsilon)
        parameter[place] = kept
    return slope


def relative_error(found: Array, expected: Array) -> float:
    lengths: float = np.linalg.norm(found).item() + np.linalg.norm(expected).item()
    return np.linalg.norm(found - expected).item() / max(lengths, 1e-12)


@every_depth
@every_cell
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("dropped", [False, True])
def test_gradients_agree_with_central_differences(cell: Cell, depth: int, masked: bool, dropped: bool) -> None:
    language_model, batch = network(cell, depth), sequences(masked=masked)
    state = random_state(language_model)
    dropout = dropout_masks(language_model) if dropped else None
    characters = count_targets(batch)

    def loss() -> float:
        return language_model.loss_and_gradients(batch, state, characters=1, dropout=dropout)[0] / characters

    _, gradients, _ = language_model.loss_and_gradients(batch, state, characters=characters, dropout=dropout)
    assert gradients.keys() == language_model.parameters.keys()
    for name, parameter in language_model.parameters.items():
        assert relative_error(gradients[name], central_differences(loss, parameter)) <= 1e-6, name


@given(
    cell=st.sampled_from(["rnn", "lstm"]),
    depth=st.integers(1, 3),
    hidden_size=st.integers(1, 5),
    vocab_size=st.integers(1, 6),
    time=st.integers(1, 6),
    batch_size=st.integers(1, 5),
    masked=st.booleans(),
    dropped=st.booleans(),
    seed=st.integers(0, 99),
)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_the_gradient_is_the_slope_in_any_direction(
    cell: Cell,
    depth: int,
    hidden_size: int,
    vocab_size: int,
    time: int,
    batch_size: int,
    masked: bool,
    dropped: bool,
    seed: int,
) -> None:
    language_model = network(cell, depth, hidden_size=hidden_size, vocab_size=vocab_size)
    batch = sequences(seed, masked=masked, time=time, batch_size=batch_size, vocab_size=vocab_size)
    state = random_state(language_model, batch_size)
    dropout = dropout_masks(language_model, batch_size) if dropped else None
    generator = np.random.default_rng(seed)
    direction = {name: generator.normal(size=array.shape) for name, array in language_model.parameters.items()}

    def loss(distance: float) -> float:
        parameters = language_model.parameters
        moved: Parameters = {name: parameters[name] + distance * direction[name] for name in parameters}
        there = LanguageModel(language_model.architecture, moved)
        return there.loss_and_gradients(batch, state, characters=1, dropout=dropout)[0]

    _, gradients, _ = language_model.loss_and_gradients(batch, state, characters=1, dropout=dropout)
    slope = sum(float(np.sum(gradients[name] * direction[name])) for name in direction)
    scale = sum(float(np.sum(np.abs(gradients[name] * direction[name]))) for name in direction)
    assert abs(slope - (loss(1e-5) - loss(-1e-5)) / 2e-5) <= 1e-6 * max(scale, 1e-2)


@every_cell
def test_characters_only_divide_the_gradients(cell: Cell) -> None:
    language_model, batch = network(cell, 2), sequences()
    state = random_state(language_model)
    nats, of_the_sum, _ = language_model.loss_and_gradients(batch, state, characters=1)
    same_nats, of_the_mean, _ = language_model.loss_and_gradients(batch, state, characters=7)
    assert same_nats == nats
    for name, gradient in of_the_mean.items():
        np.testing.assert_allclose(gradient * 7, of_the_sum[name], rtol=1e-12)


# PyTorch.


def torch_layout(array: Array, cell: Cell) -> Array:
    """Our weights as PyTorch has them: gates in its order, matrices multiplying from the left."""
    if cell == "lstm":
        blocks = dict(zip(GATES, np.split(array, len(GATES), axis=-1), strict=True))
        array = np.concatenate([blocks[gate] for gate in TORCH_GATES], axis=-1)
    return np.ascontiguousarray(array.T)


def torch_twin(torch: Any, language_model: LanguageModel) -> tuple[Any, Any, dict[str, Any]]:
    """The same network of PyTorch's own layers, and its weights by our names. It has two biases: one stays zero."""
    shape, parameters = language_model.architecture, language_model.parameters
    kind = torch.nn.RNN if shape.cell == "rnn" else torch.nn.LSTM
    dtype = torch.float32 if language_model.dtype == np.float32 else torch.float64
    recurrent = kind(shape.vocab_size, shape.hidden_size, num_layers=shape.layers, dtype=dtype)
    head = torch.nn.Linear(shape.hidden_size, shape.vocab_size, dtype=dtype)
    w_x, w_h, b = ("w_xh", "w_hh", "b_h") if shape.cell == "rnn" else ("w_x", "w_h", "b")
    twins = {"output.w_hy": head.weight, "output.b_y": head.bias}
    for n in range(shape.layers):
        twins[f"{shape.cell}.{n}.{w_x}"] = getattr(recurrent, f"weight_ih_l{n}")
        twins[f"{shape.cell}.{n}.{w_h}"] = getattr(recurrent, f"weight_hh_l{n}")
        twins[f"{shape.cell}.{n}.{b}"] = getattr(recurrent, f"bias_ih_l{n}")
        torch.nn.init.zeros_(getattr(recurrent, f"bias_hh_l{n}"))
    for name, twin in twins.items():
        twin.data = torch.from_numpy(ours_as_torchs(name, parameters[name], shape.cell))
    return recurrent, head, twins


def ours_as_torchs(name: str, array: Array, cell: Cell) -> Array:
    return torch_layout(array, "rnn" if name.startswith("output") else cell)


@every_depth
@every_cell
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-5), (np.float64, 1e-10)])
def test_logits_and_gradients_are_those_of_pytorch(cell: Cell, depth: int, dtype: type, tolerance: float) -> None:
    torch = pytest.importorskip("torch")
    language_model = network(cell, depth, hidden_size=8, vocab_size=7, dtype=dtype)
    batch = sequences(masked=True, time=12, batch_size=4, vocab_size=7)
    state, characters = random_state(language_model, 4), count_targets(batch)
    recurrent, head, twins = torch_twin(torch, language_model)
    one_hot = torch.from_numpy(np.vstack([np.eye(7), np.zeros(7)])[batch.inputs].astype(dtype))
    h_0, c_0 = map(torch.from_numpy, state)
    top, after = recurrent(one_hot, h_0 if cell == "rnn" else (h_0, c_0))
    their_logits = head(top)
    chosen = torch.from_numpy(batch.mask)
    their_loss = torch.nn.functional.cross_entropy(
        their_logits[chosen], torch.from_numpy(batch.targets)[chosen], reduction="sum"
    )
    (their_loss / characters).backward()

    logits, last = read_step_by_step(language_model, batch.inputs, state)
    nats, gradients, same_last = language_model.loss_and_gradients(batch, state, characters=characters)
    np.testing.assert_allclose(logits, their_logits.detach(), rtol=tolerance, atol=tolerance)
    assert nats == pytest.approx(their_loss.item(), rel=tolerance)
    for ours in (last, same_last):
        for part, theirs in zip(ours, (after,) if cell == "rnn" else after, strict=False):
            np.testing.assert_allclose(part, theirs.detach(), rtol=tolerance, atol=tolerance)
    for name, twin in twins.items():
        ours_there = ours_as_torchs(name, gradients[name], cell)
        np.testing.assert_allclose(ours_there, twin.grad, rtol=tolerance, atol=tolerance, err_msg=name)


# One step, a sequence, two chunks.


@every_depth
@every_cell
def test_a_sequence_gives_what_step_gives_character_by_character(cell: Cell, depth: int) -> None:
    language_model, batch = network(cell, depth), sequences()
    state = random_state(language_model)
    logits, last = read_step_by_step(language_model, batch.inputs, state)
    expected = -np.log(softmax(logits))
    found = np.empty_like(expected)
    for t, b, v in np.ndindex(found.shape):
        only = np.zeros((TIME, BATCH_SIZE), bool)
        only[t, b] = True
        one = Batch(batch.inputs, np.full_like(batch.targets, v), only)
        found[t, b, v], _, after = language_model.loss_and_gradients(one, state, characters=1)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    for part, expected_part in zip(after, last, strict=True):
        np.testing.assert_allclose(part, expected_part, rtol=0, atol=1e-12)


@every_depth
@every_cell
@pytest.mark.parametrize("masked", [False, True])
def test_score_is_the_loss_from_the_zero_state(cell: Cell, depth: int, masked: bool) -> None:
    language_model, batch = network(cell, depth), sequences(masked=masked, time=9)
    nats, characters = language_model.score(batch)
    loss, _, _ = language_model.loss_and_gradients(batch, language_model.initial_state(BATCH_SIZE), characters=1)
    assert nats == pytest.approx(loss, rel=1e-12)
    assert characters == count_targets(batch) == (27 if batch.mask is None else batch.mask.sum())


@every_cell
def test_masked_places_change_nothing(cell: Cell) -> None:
    language_model, batch = network(cell, 2), sequences(masked=True, time=7)
    assert batch.mask is not None
    assert not batch.mask.all()
    state = random_state(language_model)
    other = replace(
        batch,
        inputs=np.where(batch.mask, batch.inputs, (batch.inputs + 1) % VOCAB_SIZE),
        targets=np.where(batch.mask, batch.targets, (batch.targets + 1) % VOCAB_SIZE),
    )
    nats, gradients, _ = language_model.loss_and_gradients(batch, state, characters=1)
    same_nats, same_gradients, _ = language_model.loss_and_gradients(other, state, characters=1)
    assert same_nats == nats
    assert equal(same_gradients, gradients)
    assert language_model.score(other) == language_model.score(batch)


@every_depth
@every_cell
def test_two_chunks_with_the_state_carried_are_one_long_chunk(cell: Cell, depth: int) -> None:
    language_model, whole = network(cell, depth), sequences(time=11)
    state = random_state(language_model)
    dropout = dropout_masks(language_model)
    nats, _, last = language_model.loss_and_gradients(whole, state, characters=1, dropout=dropout)
    total = 0.0
    for part in (slice(0, 4), slice(4, 11)):
        chunk = Batch(whole.inputs[part], whole.targets[part], None)
        chunk_nats, _, state = language_model.loss_and_gradients(chunk, state, characters=1, dropout=dropout)
        total += chunk_nats
    assert total == pytest.approx(nats, rel=1e-12)
    for found, expected in zip(state, last, strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@every_cell
def test_sequences_side_by_side_do_not_touch_each_other(cell: Cell) -> None:
    language_model, batch = network(cell, 2), sequences(masked=True)
    assert batch.mask is not None
    total = 0.0
    for b in range(BATCH_SIZE):
        alone = Batch(batch.inputs[:, [b]], batch.targets[:, [b]], batch.mask[:, [b]])
        total += language_model.score(alone)[0]
    assert language_model.score(batch)[0] == pytest.approx(total, rel=1e-12)


@every_cell
def test_dropout_acts_on_outputs_and_never_on_what_is_remembered(cell: Cell) -> None:
    language_model, batch = network(cell, 1), sequences()
    state = random_state(language_model)
    ones, zeros = [np.ones((BATCH_SIZE, HIDDEN_SIZE))], [np.zeros((BATCH_SIZE, HIDDEN_SIZE))]
    nats, gradients, last = language_model.loss_and_gradients(batch, state, characters=1)
    same_nats, same_gradients, _ = language_model.loss_and_gradients(batch, state, characters=1, dropout=ones)
    assert same_nats == nats
    assert equal(same_gradients, gradients)
    blind_nats, blind, same_last = language_model.loss_and_gradients(batch, state, characters=1, dropout=zeros)
    guess = -np.log(softmax(language_model.parameters["output.b_y"]))[batch.targets].sum()
    assert blind_nats == pytest.approx(guess)
    assert all(not blind[name].any() for name in blind if name != "output.b_y")
    assert all(np.array_equal(*parts) for parts in zip(same_last, last, strict=True))


@every_cell
def test_no_character_is_the_zero_vector(cell: Cell) -> None:
    language_model = network(cell, 2)
    without = language_model.copy()
    without.parameters[f"{cell}.0.{'w_xh' if cell == 'rnn' else 'w_x'}"][1] = 0
    state = random_state(language_model)
    logits, _ = language_model.step(np.full(BATCH_SIZE, NO_CHARACTER), state)
    expected, _ = without.step(np.full(BATCH_SIZE, 1), state)
    np.testing.assert_array_equal(logits, expected)


# Nothing hidden, nothing changed.


@every_cell
def test_nothing_that_goes_in_is_changed_and_nothing_that_comes_out_is_shared(cell: Cell) -> None:
    language_model, batch = network(cell, 2), sequences(masked=True)
    state, dropout, untouched = random_state(language_model), dropout_masks(language_model), network(cell, 2)
    everything = [*state, *dropout, batch.inputs, batch.targets]
    before = [array.copy() for array in everything]
    logits, after = language_model.step(batch.inputs[0], state)
    _, gradients, last = language_model.loss_and_gradients(batch, state, characters=1, dropout=dropout)
    language_model.score(batch)
    assert all(np.array_equal(*pair) for pair in zip(everything, before, strict=True))
    assert equal(language_model.parameters, untouched.parameters)

    kept = {name: gradient.copy() for name, gradient in gradients.items()}
    results = [logits, *after, *last]
    copies = [array.copy() for array in results]
    language_model.step(batch.targets[0], after)
    language_model.loss_and_gradients(sequences(7), last, characters=1)
    assert equal(gradients, kept)
    assert all(np.array_equal(*pair) for pair in zip(results, copies, strict=True))


@every_cell
def test_single_precision_stays_single_precision(cell: Cell) -> None:
    language_model, batch = network(cell, 2, dtype=np.float32), sequences()
    logits, after = language_model.step(batch.inputs[0], language_model.initial_state(BATCH_SIZE))
    nats, gradients, last = language_model.loss_and_gradients(
        batch, language_model.initial_state(BATCH_SIZE), characters=1
    )
    assert {array.dtype for array in (logits, *after, *last, *gradients.values())} == {np.dtype(np.float32)}
    assert nats == pytest.approx(network(cell, 2).score(batch)[0], rel=1e-5)


# Architecture and first weights.


def test_the_parameters_are_those_of_the_plan() -> None:
    assert parameter_shapes(Architecture("rnn", 27, 50)) == {
        "rnn.0.w_xh": (27, 50),
        "rnn.0.w_hh": (50, 50),
        "rnn.0.b_h": (50,),
        "output.w_hy": (50, 27),
        "output.b_y": (27,),
    }
    assert parameter_shapes(Architecture("lstm", 38, 16, 2)) == {
        "lstm.0.w_x": (38, 64),
        "lstm.0.w_h": (16, 64),
        "lstm.0.b": (64,),
        "lstm.1.w_x": (16, 64),
        "lstm.1.w_h": (16, 64),
        "lstm.1.b": (64,),
        "output.w_hy": (16, 38),
        "output.b_y": (38,),
    }


@every_cell
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_first_weights(cell: Cell, dtype: type) -> None:
    architecture = Architecture(cell, 11, 16, 2)
    language_model = LanguageModel.initialise(architecture, np.random.default_rng(4), dtype)
    again = LanguageModel.initialise(architecture, np.random.default_rng(4), dtype)
    other = LanguageModel.initialise(architecture, np.random.default_rng(5), dtype)
    assert equal(language_model.parameters, again.parameters)
    assert not equal(language_model.parameters, other.parameters)
    for name, array in language_model.parameters.items():
        assert array.dtype == dtype
        if name.endswith(("w_h", "w_hh")):
            for block in np.split(array, array.shape[1] // 16, axis=1):
                np.testing.assert_allclose(block.T @ block, np.eye(16), atol=1e-6)
        elif name in ("rnn.0.w_xh", "lstm.0.w_x"):
            assert 0.1 < array.std() < 1.2
            assert abs(array.mean()) < 0.1
        elif array.ndim > 1:
            assert 0.2 < np.abs(array).max() <= 0.25
        elif name.startswith("lstm"):
            assert dict(zip(GATES, array.reshape(4, 16).mean(axis=1), strict=True)) == {"i": 0, "f": 1, "o": 0, "g": 0}
        else:
            assert not array.any()


@pytest.mark.parametrize(
    ("cell", "sizes", "sentence"),
    [
        ("gru", (5, 4, 1), "cell is 'gru'"),
        ("rnn", (0, 4, 1), "vocab_size is 0"),
        ("rnn", (5, -1, 1), "hidden_size is -1"),
        ("lstm", (5, 4, 0), "layers is 0"),
    ],
)
def test_an_impossible_architecture_is_refused(cell: Any, sizes: tuple[int, int, int], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Architecture(cell, *sizes)


def test_parameters_of_another_architecture_are_refused() -> None:
    parameters = network("rnn", 1).parameters
    for architecture in (Architecture("rnn", 5, 4), Architecture("rnn", 5, 3, 2), Architecture("lstm", 5, 3)):
        with pytest.raises(ValueError, match="not those of the architecture"):
            LanguageModel(architecture, parameters)


def test_a_copy_has_weights_of_its_own() -> None:
    language_model = network("lstm", 2)
    copy = language_model.copy()
    assert equal(copy.parameters, language_model.parameters)
    copy.parameters["output.b_y"] += 1
    assert not equal(copy.parameters, language_model.parameters)
