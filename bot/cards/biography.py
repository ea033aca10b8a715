"""A few lines about the life of a creature that never lived, from tables of data/creatures.tsv."""

import re
from collections.abc import Sequence

from bot.cards.bodies import REAL, table
from bot.cards.creature import Creature
from model.names.roots import parts_of

INVENTED, FOUND = "invented, and drawn by rule", "a real animal, drawn by rule"
WRITTEN, SHARED = "written by a network", "red: your words; the rest: a network’s"

PLACES, PATTERNS, LIVES = [*table("place")], [*table("pattern").values()], table("life")
"""A life is the youngest and the oldest age in millions of years, and what the body ate."""
LENGTHS = [(thing, *row.split(" ", 1)) for thing, row in table("length").items()]
"""Something, how many metres long it is, and its plural."""
FACTS = table("means fact")
"""What a creature did, and the words in its name that say so; "*" quotes any meaning."""
_NUMBERS = ("no", "one", "two", "three", "four")
_MOST_QUOTED = 22
_PLACE = re.compile(
    rf"^(?:{'|'.join(PLACES)})$|(?<= in | of )(?!Tolkien|Troy|Wight)"
    r"(?:\w+ern |central )?[A-Z][\w ]+$"
)
"""A place in the meaning of a root, as in "city in China"."""


def biography(creature: Creature) -> str:
    """Say what it ate and did, how long it was, and where and when it lived: as its name says,
    else as its hash decides.
    """
    chance = creature.chance
    youngest, oldest, foods = LIVES[creature.kind].split(" ", 2)
    found = (_PLACE.search(part.root.meaning) for part in parts_of(chance.name))
    place = [*(match[0] for match in found if match), chance.among("place", PLACES)][0]
    two, one = _facts(creature)[:2]
    return chance.among("life", PATTERNS).format(
        food=chance.chosen("food", {food: food for food in foods.split(", ")}),
        long=chance.among("long", _comparisons(creature.metres)),
        place=place[0].upper() + place[1:],
        age=round(chance.between("age", float(youngest), float(oldest))),
        one=one,
        two=two,
    )


def true_facts(name: str) -> str:
    """Say when and where a real dinosaur lived, how long it was and what it ate; nothing of one
    that is not in the table.
    """
    if name not in REAL:
        return ""
    real = REAL[name]
    age = f"{real.begins} to {real.ends}" if real.begins != real.ends else real.begins
    return (
        f"It lived in {real.places} {age} million years ago, was {real.metres} m long,"
        f" and ate {real.food}."
    )


def _comparisons(metres: float) -> Sequence[str]:
    """Return what is as long, within a tenth: one thing, or up to four of them."""
    found = []
    for one, long, many in LENGTHS:
        count = min(max(round(metres / float(long)), 1), 4)
        if abs(count * float(long) / metres - 1) < 0.1:
            found.append(one if count == 1 else f"{_NUMBERS[count]} {many}")
    return found


def _facts(creature: Creature) -> Sequence[str]:
    """Return what the parts of a name say that it did, those of its last part first, and then
    what its body says.
    """
    chance, facts = creature.chance, list[str]()
    body = {creature.kind.split()[-1]}
    meant = [*zip(chance.parts, (root.meaning for root in chance.roots), strict=True)]
    for words, meaning in [*meant, (body, ""), (body, "")]:
        told = ((fact, keys) for fact, keys in FACTS.items() if fact not in facts)
        fitting = [fact for fact, keys in told if words & set(keys.split())]
        if not fitting and len(meaning) <= _MOST_QUOTED and meaning.islower():
            fitting = [fact for fact, keys in FACTS.items() if keys == "*"]
        if fitting:
            facts.append(chance.among(f"fact {len(facts)}", fitting).format(meaning=meaning))
    return facts
