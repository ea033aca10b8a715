"""The options that commands share, and what they name: weights, texts, and where a training may write."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from model.errors import MangosaurusError
from model.files import ROOT
from model.text.forms import Network

if TYPE_CHECKING:
    from model.checkpoint.encoding import Checkpoint
    from model.checkpoint.versions import Versions
    from model.text.corpus import Corpus

CHECKPOINTS = ROOT / "checkpoints"

NetworkArgument = Annotated[Network, typer.Argument(help="Dinosaur names or verse.", show_default=False)]
CorpusOption = Annotated[
    list[Path] | None,
    typer.Option("--corpus", metavar="FILE", help="Your own text: one name a line, or poems with blank lines between."),
]
CheckpointOption = Annotated[
    Path | None, typer.Option("--checkpoint", metavar="FILE", help="Weights to use.", show_default="the current ones")
]
ThreadsOption = Annotated[
    int | None, typer.Option("--threads", min=1, help="Threads to use.", show_default="all cores")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def versions_of(network: Network) -> "Versions":
    """Return the versions of a network."""
    from model.checkpoint.versions import Versions

    return Versions(CHECKPOINTS / network)


def weights_at(network: Network, path: Path | None) -> "Checkpoint":
    """Load weights from a file, or the current ones; CheckpointError, or MangosaurusError for another network's."""
    from model.checkpoint.versions import load

    loaded = load(path) if path else versions_of(network).load_current()
    if loaded.description.form != network.form:
        place = path or CHECKPOINTS / network
        raise MangosaurusError(
            f"{place}: these weights write {loaded.description.form}, and {network} needs {network.form}"
        )
    return loaded


def texts_at(network: Network, paths: list[Path] | None) -> "Corpus":
    """Read texts of one's own, or the project's, fetched first where need be; CorpusError, FetchError."""
    from model.text import corpus, sources

    if not paths:
        return sources.names_corpus() if network is Network.DINO else sources.sonnets_corpus()
    if network is Network.POEM:
        return corpus.read_verse(*paths)
    if len(paths) > 1:
        raise typer.BadParameter("names come from one file; give --corpus once")
    return corpus.read_names(paths[0])


def check_out(out: Path, corpus: Sequence[Path]) -> None:
    """Refuse, before any work, a place that cannot take the weights, or where training would write over a text."""
    from model.text.sources import own_texts
    from model.training.events import history_path, snapshot_path

    if not out.name or out.is_dir():
        raise MangosaurusError(f"{out}: is a folder; --out needs the name of a file")
    texts = {path.resolve() for path in (*corpus, *own_texts())}
    for written in (out, history_path(out), snapshot_path(out)):
        if written.resolve() in texts:
            raise MangosaurusError(f"{written}: the training would write over this text; choose another --out")
