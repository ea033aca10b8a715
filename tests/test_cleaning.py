"""Cleaning: the spoken lines stay; headings, speakers' names and stage directions are removed."""

from model.text.cleaning import clean_sonnets, clean_speeches, clean_verse

SONNETS = """THE SONNETS
by William Shakespeare




I

From fairest creatures we desire increase,
That thereby beauty's rose might never die,
  Pity the world,--or  else this glutton be,\x20
  To eat the world's due, by the grave and thee.

XCIX

The forward violet thus did I chide:
Sweet thief,
whence didst thou steal?
"""
CLEAN_SONNETS = """from fairest creatures we desire increase,
that thereby beauty's rose might never die,
pity the world,--or else this glutton be,
to eat the world's due, by the grave and thee.

the forward violet thus did i chide:
sweet thief,
whence didst thou steal?
"""
PLAY = """A PLAY OF FOOLS

by William Shakespeare




PERSONS REPRESENTED.

KING OF FOOLS.
ANN, a Fool.

SCENE: Partly here,
and partly there.

ACT I.

SCENE I. Here. A room in the KING'S palace.

[Enter the KING and
ANN [in tears].]

KING.
Now is the "winter" of our _discontent_
  Made glorious summer &c.

[Aside.]
I spake.

FIRST FOOL.
[To ANN.] How now?
[Exit.
And yet no more.

ANN. Thou cam'st,
                KING. And went.

KING and ANN.
Farewell.

[Exeunt. Alarum
and trumpets

SCENE 2. There

A heath.

{Enter ANN.]

1 Fool.
Bill, 2s. 6d.
Either/or.

Enter another, and
speaks aloud.] What ho!

Fal. and Ann.
...
O, for a muse!

THE END"""
CLEAN_PLAY = """now is the 'winter' of our discontent
made glorious summer etc.
i spake.
how now?
and yet no more.
thou cam'st,
and went.
farewell.

either,or.
what ho!
o, for a muse!
"""
POEM = """A POEM

by William Shakespeare

TO THE READER

THE love I dedicate
is without end.

______________

""" + "\n".join(f"Stanza {n},\nhas two lines,\n  and a third.\n" for n in "abcdef")


def test_sonnets_lose_their_title_and_numbers() -> None:
    assert clean_sonnets(SONNETS) == CLEAN_SONNETS


def test_plays_keep_the_spoken_lines_of_each_scene_and_poems_are_cut_into_groups_of_stanzas() -> (
    None
):
    """Verse has the texts in the order of their names, without the sonnets."""
    texts = {"passionate_pilgrim_gut.txt": SONNETS, "play_gut.txt": PLAY, "a_poem_gut.txt": POEM}
    verse = clean_verse(texts | {"sonnets_gut.txt": SONNETS})
    assert verse.startswith("stanza a,\nhas two lines,\nand a third.\nstanza b,")
    assert [document.count("stanza") for document in verse.split("\n\n")[:3]] == [5, 1, 0]
    assert verse.endswith("\n\n" + CLEAN_PLAY)
    assert clean_verse({"play_gut.txt": PLAY}) == CLEAN_PLAY
    assert "fairest" not in verse


def test_speeches_in_verse_are_documents() -> None:
    """A direction does not end a speech; the next speaker and a heading do.

    Prose and short speeches are left out.
    """
    lines = [f"And line {number}" for number in ("one", "two", "three", "four", "five")]
    verse, prose = "\n".join(lines), "\n".join(map(str.lower, lines))
    acts = (
        f"ACT I.\n\nANN.\n{verse}\n\n[Aside.]\n'Tis I.\n\nKING."
        f" {verse}\n\nANN.\n{prose}\n\nKING.\nI spake.\n"
    )
    play = f"A PLAY\n\n{acts}\nACT II.\n\nScene I. A heath.\n\nANN.\n{verse}\n\nTHE END"
    speeches = clean_speeches(
        {"play_gut.txt": play, "sonnets_gut.txt": SONNETS, "poem_gut.txt": POEM}
    ).split("\n\n")
    assert speeches[:3] == [f"{verse.lower()}\n'tis i.", verse.lower(), verse.lower()]
    assert [speech.count("stanza") for speech in speeches[3:]] == [5]
