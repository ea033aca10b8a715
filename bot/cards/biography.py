"""A line about the life of a creature that never lived, from tables of data/creatures.tsv."""

import re
from collections.abc import Sequence

from bot.cards.bodies import REAL, table
from bot.cards.creature import Creature
from model.names.roots import parts_of

INVENTED, FOUND = "invented, and drawn by rule", "a real animal, drawn by rule"
WRITTEN, SHARED = "written by a network", "red: your words; the rest: a network’s"

PLACES, FRAMES, LIVES = [*table("place")], [*table("frame").values()], table("life")
"""A frame is what may be around a fact. A life is the youngest and the oldest age in millions of
years, and what the body ate."""
LENGTHS = [
    (one if count == 1 else f"{number} {row.split(' ', 1)[1]}", count * float(row.split()[0]))
    for one, row in table("length").items()
    for count, number in enumerate(("one", "two", "three", "four"), 1)
]
"""Up to four of something, and how many metres long they are."""
FACTS = {fact: [{*key.split("+")} for key in keys.split()] for fact, keys in table("fact").items()}
"""What a card may tell, and of whom: of a creature that has all that one of its keys asks for. Such
a word is in the meaning of its name or, behind "@", in the picture. What begins with a small letter
follows "it" in a frame."""
_HUGE, _SMALL = 15, 3.3
_PLACE = re.compile(
    rf"^(?:[\w-]+ern )?({'|'.join(PLACES)})$|(?: in| of)(?: \w+ern| central)?"
    r" (?!King|Rabelais|Tolkien|Troy|Zeus)([A-Z](?:(?! in )[\w ])+)$"
)
"""A place in the meaning of a root, as in "city in China"."""


def biography(creature: Creature) -> str:
    """Tell one fact that its name means or that its picture shows, with how long it was, where or
    when it lived: as its name says, else as its hash decides.
    """
    chance = creature.chance
    youngest, oldest, foods = LIVES[creature.kind].split(" ", 2)
    found = (_PLACE.search(part.root.meaning) for part in parts_of(chance.name))
    place = [*(match[1] or match[2] for match in found if match), chance.among("place", PLACES)][0]
    fact = chance.among("fact", chance.among("told", _facts(creature)))
    frame = "{one}" if fact[0] == fact[0].upper() else chance.among("frame", FRAMES)
    return frame.replace("{one}", fact).format(
        food=chance.chosen("food", {food: food for food in foods.split(", ")}),
        long=chance.among(
            "long", [long for long, metres in LENGTHS if abs(metres / creature.metres - 1) < 0.1]
        ),
        place=place,
        age=round(chance.between("age", float(youngest), float(oldest))),
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


def _facts(creature: Creature) -> Sequence[Sequence[str]]:
    """Return facts in lists of one kind: about what it wears if it wears something, else about its
    name, the person, its pose and the scene, its body, and any dinosaur.

    The more words a fact asks for, the more often it is in its list; twice as often if it needs no
    frame.
    """
    groups = [
        _seen(*creature.worn),
        {word for part in creature.chance.parts for word in part},
        *[_seen(creature.person)] * 3,  # the best are about two
        _seen(creature.pose, *creature.scene.split()),
        *[_seen(creature.kind, *creature.parts, *["huge"] * (creature.metres > _HUGE))] * 2,
        _seen("any", *["small"] * (creature.metres < _SMALL)),
    ]
    known = _seen(*["awake"] * (creature.pose != "sleeping")).union(*groups)
    worn, *rest = (
        [
            fact
            for fact, keys in FACTS.items()
            for key in keys
            if key & group and key <= known
            for _ in range(len(key) * (1 if fact[0].islower() else 2))
        ]
        for group in groups
    )
    return [worn] if worn else [*filter(None, rest)]


def _seen(*things: str) -> set[str]:
    return {f"@{thing.replace(' ', '-')}" for thing in things}
