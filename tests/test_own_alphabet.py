"""A text that keeps its own alphabet, on its way through training, checkpoint, sampling, evaluation
and comparison."""

import json
import unicodedata
from pathlib import Path

import pytest

from model.errors import MangosaurusError
from model.evaluation.comparison import compare
from model.text.corpus import read_names
from model.text.forms import Alphabet
from model.text.vocabulary import Vocabulary, words_of
from model.weights.versions import load
from model.writing.decoder import Decoder
from model.writing.requests import VerseRequest, generator_for
from tests.test_command_line import run, run_well

SMALL = ("--epochs", "2", "--hidden-size", "8")
NAMES = ["Éloïse", "Zoé", "Théo 2", "Анна", "Ёлка", "Ἀθηνᾶ", "Ἑρμῆς", "さくら", "タロウ", "恐竜"]
NAMES += [f"Léa {number}" for number in range(40)]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("corpus") / "names.txt"
    path.write_text("\n".join(NAMES) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def own(corpus: Path) -> Path:
    out = corpus.with_name("own.safetensors")
    run_well("train", "dino", "--corpus", corpus, "--alphabet", "own", "--out", out, *SMALL)
    return out


def test_names_keep_their_letters_from_the_text_to_the_sample(own: Path, corpus: Path) -> None:
    loaded = load(own)
    assert loaded.known_names == {*NAMES}
    assert loaded.vocabulary == Vocabulary.from_texts(NAMES)
    for prompt in ("Él", "タ"):
        how = ("--prompt", prompt, "--seed", "1", "--count", "2")
        sample = ("sample", "dino", "--checkpoint", own, *how)
        sampled = json.loads(run_well(*sample, "--json"))
        assert all(name.startswith(prompt) for name in sampled["texts"])
        assert run_well(*sample).splitlines() == sampled["texts"]  # no capital is added
    evaluate = ("evaluate", "dino", "--checkpoint", own, "--corpus", corpus, "--samples", "2")
    figures = json.loads(run_well(*evaluate, "--json"))
    assert figures["trained_on_this_corpus"]
    assert figures["losses"]["network"] == pytest.approx(loaded.description.held_out_loss)


SCRIPTS = {
    "hindi": "कल का दिन बहुत अच्छा था.\nमेरी नदी धीरे धीरे बहती है.\nतुम्हारी आँखों में पानी की कहानी.\n",
    "thai": "ฉันรักเธอดั่งดวงดาวที่ฟ้า.\nน้ำในแม่น้ำไหลไปไม่รู้จบ.\nคืนนี้มีเพียงสายลมที่พัดผ่าน.\n",
    "tamil": "நீ எங்கே போகிறாய் என் நிலவே.\nமழையின் பாடல் மெதுவாகக் கேட்கிறது.\nஇரவின் அமைதியில் ஒரு கனவு.\n",
}


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS)
def test_scripts_with_vowel_signs_train_and_draw_and_end_a_sentence_after_any_word(
    tmp_path: Path, text: str
) -> None:
    path, out = tmp_path / "poems.txt", tmp_path / "poems.safetensors"
    poems = ["\n".join(f"{number} {line}" for line in text.splitlines()) for number in "०१२३४५६७८९"]
    path.write_text("\n\n".join(poems), encoding="utf-8")
    run_well(
        "train",
        "verse",
        "--corpus",
        path,
        "--alphabet",
        "own",
        "--out",
        out,
        *SMALL,
        "--layers",
        "1",
    )
    weights = load(out)
    assert weights.known_words >= {*words_of(text)}
    signs = {each for each in weights.vocabulary.characters if unicodedata.category(each)[0] == "M"}
    asked = [VerseRequest(generator_for(seed, 0)) for seed in range(3)]
    drawn = [result.texts[0] for result in Decoder(weights).generate(asked)]
    # a poem may end after any word, and vowel signs are drawn
    assert all(verse.endswith(tuple(".!?")) for verse in drawn)
    assert any(set(verse) & signs for verse in drawn)


def test_own_alphabets_stay_when_training_goes_on_and_compare_with_each_other_alone(
    own: Path, corpus: Path, tmp_path: Path
) -> None:
    further, folded = tmp_path / "further.safetensors", tmp_path / "folded.safetensors"
    run_well("train", "dino", "--corpus", corpus, "--from", own, "--out", further, "--epochs", "1")
    assert load(further).vocabulary == load(own).vocabulary
    names = read_names(corpus, alphabet=Alphabet.OWN)
    assert not compare(load(own), load(own), names).better
    run_well("train", "dino", "--corpus", corpus, "--out", folded, *SMALL)
    with pytest.raises(MangosaurusError, match="only one of them has an alphabet of its own"):
        compare(load(own), load(folded), names)


def test_how_a_text_was_read_is_told_before_the_training(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_bytes("Böse Müller\nLärm und Schall\nÖde und Leere\n".encode("latin-1"))
    arguments = ("train", "dino", "--corpus", path, "--out", tmp_path / "names.safetensors", *SMALL)
    read, folded, small, *_ = run(*arguments).stderr.splitlines()
    assert (read, small) == (f"{path}: read as Windows-1252", read_names(path).too_small)
    assert folded.startswith(f"{path}: 4 characters folded or dropped")
