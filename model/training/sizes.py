"""What a training should be like for the size of its text."""

from model.checkpoint.encoding import Checkpoint
from model.text.corpus import Corpus
from model.training.recipes import Recipe, Stage


def further(start: Checkpoint, corpus: Corpus) -> Recipe:
    """Return the recipe of one more round: the network of `start` reads the training text again, gently.

    The weights are good already, so the learning rate rises to a tenth of the usual one and falls to almost nothing,
    and their moving average counts.
    """
    architecture, verse = start.language_model.architecture, corpus.form == "verse"
    stage = Stage(
        name="again",
        text="training",
        epochs=4 if verse else 16,
        share=1.0,
        batch_size=16 if verse else 32,
        sequence_length=64 if verse else 40,
        learning_rate=2e-4 if verse else 5e-4,
        evaluate_every=30 if verse else 48,
        patience=20,
        warmup=0.3,
        final=0.01,
        weight_decay=0.01,
        dropout=0.1 if verse else 0.2,
        input_dropout=0.0 if verse else 0.05,
        clip_norm=0.5 if verse else 1.0,
        average=0.99,
    )
    return Recipe(
        name="again",
        form=corpus.form,
        cell=architecture.cell,
        hidden_size=architecture.hidden_size,
        layers=architecture.layers,
        stages=(stage,),
        top_p=start.description.top_p,
    )
