"""A line about a creature that never lived, from the tables of data/creatures.tsv and
data/words.tsv.
"""

from bot.cards.bodies import REAL, table
from bot.cards.creature import Creature
from bot.cards.subject import QUIET
from bot.taboo import is_taboo
from bot.words import sentences
from bot.words.font import lacking

FACTS = {fact: [{*key.split("+")} for key in keys.split()] for fact, keys in table("fact").items()}
"""What a card may tell, with keys. A fact fits a creature that has all the words of one of the
fact's keys. A word comes from the meaning of the creature's name or, with "@", from its picture. A
sleeper gets only facts with "@sleeping". With "#", a word is the subject of the card; "{}" stands
for what was typed, and "{Typed}" for the same with a capital."""


def biography(creature: Creature, typed: str = "", subject: str = "") -> str:
    """Return one fact that fits a creature: about its subject or, if it has none, about what it
    wears, if possible.

    A key with more words is chosen more often, and twenty times as often if it names the person in
    the picture, or what the creature wears. A fact that must not be shown with what was typed, or
    cannot be, gives way to one that ignores it.
    """
    subject = subject or creature.subject
    known = words_for(creature.kind, *creature.scene.split(), *creature.parts) | {subject}
    known |= {word for part in creature.chance.parts for word in part}
    # a pair is chosen more often if it stands in the list more often
    told = [
        (fact, key)
        for fact, keys in FACTS.items()
        for key in keys
        if key <= known and (creature.pose != "sleeping" or "@sleeping" in key)
        for _ in range(len(key) * (20 if words_for(creature.person, *creature.worn) & key else 1))
    ]
    first = {subject} if subject else words_for(*creature.worn)
    fact, _ = creature.chance.among("fact", [pair for pair in told if first & pair[1]] or told)
    fact = fact.replace("{}", typed).replace("{Typed}", typed[:1].upper() + typed[1:])
    if typed and (is_taboo(fact) or lacking(fact)):
        return biography(creature, subject=QUIET)
    return fact


def true_facts(name: str) -> str:
    """Return a sentence on when and where a real dinosaur lived, how long it was and what it ate,
    or "" if the table lacks the name.
    """
    if name not in REAL:
        return ""
    real = REAL[name]
    age = f"{real.begins} to {real.ends}" if real.begins != real.ends else real.begins
    return sentences.LIVED.format(real.places, age, real.metres, real.food)


def words_for(*things: str) -> set[str]:
    """Return the words that FACTS uses for things in a picture."""
    return {f"@{thing.replace(' ', '-')}" for thing in things}
