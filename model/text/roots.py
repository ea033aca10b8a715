"""The Greek and Latin roots of names: which parts a name is made of, where the whole of it is certain.

A name is taken apart only if roots of the table and linking vowels make up all of it, in one way that is the shortest.
So most invented names have no parts here, and none has a guessed one. Meanings are those of the source word.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

LINKS = ("", "o", "i")
"""What may stand between two roots. A root that ends in a vowel needs no link."""
SHORTEST_ELIDED = 3
"""The fewest letters that are left of a root without its o."""
_VOWELS = "aeiouy"


@dataclass(frozen=True)
class Root:
    """A root: its forms in names, the word that it comes from, with its language, and what that word means.

    A form with "-" before it stands only at the end of a name, one with "-" behind it only at the beginning. If such a
    beginning ends in an o and has four letters or more, it loses the o before a vowel.
    """

    forms: tuple[str, ...]
    source: str
    meaning: str


@dataclass(frozen=True)
class Part:
    """A root of a name, and the form that it has there."""

    form: str
    root: Root


def parts_of(name: str) -> tuple[Part, ...]:
    """Return the two or more parts of a name in lower case; empty if it is not certain what they are.

    Of several ways to take a name apart, the one with the fewest parts is right, such as ceratops instead of cerat and
    ops. If two ways have equally few, nothing is certain.
    """
    by_roots = {tuple(part.root for part in way): way for way in _ways(name, is_first=True) if len(way) > 1}
    ways = sorted(by_roots.values(), key=len)
    if not ways or (len(ways) > 1 and len(ways[1]) == len(ways[0])):
        return ()
    return ways[0]


def explained(name: str) -> str:
    """Return the parts of a name with their meanings, such as "onych-, claw + -odon, tooth"; or "" if not certain."""
    parts = parts_of(name.lower())
    last = len(parts) - 1
    marked = (f"{'-' * (n > 0)}{part.form}{'-' * (n < last)}, {part.root.meaning}" for n, part in enumerate(parts))
    return " + ".join(marked)


def _ways(rest: str, *, is_first: bool) -> Iterator[tuple[Part, ...]]:
    """Yield every way to make up the rest of a name from roots and links."""
    for end in range(2, len(rest) + 1):
        for root in _roots_written(rest[:end], rest[end : end + 1], is_first=is_first):
            part = Part(rest[:end], root)
            if end == len(rest):
                yield (part,)
                continue
            for link in LINKS if rest[end - 1] not in _VOWELS else ("",):
                if rest.startswith(link, end):
                    yield from ((part, *others) for others in _ways(rest[end + len(link) :], is_first=False))


def _roots_written(form: str, following: str, *, is_first: bool) -> Iterator[Root]:
    """Yield the roots that a form stands for at this position of a name, before the letter that follows."""
    table = _by_form()
    yield from table.get(form, ())
    if is_first and following:
        yield from table.get(f"{form}-", ())
    if is_first and len(form) >= SHORTEST_ELIDED and following and following in _VOWELS:
        yield from table.get(f"{form}o-", ())
    if not following and not is_first:
        yield from table.get(f"-{form}", ())


@cache
def _by_form() -> dict[str, list[Root]]:
    table: dict[str, list[Root]] = {}
    for root in ROOTS:
        for form in root.forms:
            table.setdefault(form, []).append(root)
    return table


def _read(table: str) -> tuple[Root, ...]:
    """Read lines of forms, source word and meaning."""
    entries = (line.split(" | ") for line in table.strip().splitlines())
    return tuple(Root(tuple(forms.split()), source, meaning) for forms, source, meaning in entries)


ROOTS = _read("""
abro- habro- | Greek habros | delicate
acanth | Greek akantha | thorn
acro- | Greek akros | topmost
afro- | Latin Afer | African
allo- | Greek allos | other
amphi- | Greek amphi | on both sides
anat- | Latin anas, anatis | duck
ankyl ancyl | Greek ankylos | bent
apato- | Greek apate | deceit
archaeo- | Greek archaios | ancient
aristo- | Greek aristos | best
aspid -aspis | Greek aspis, aspidos | shield
austro- austral- | Latin auster | south
avi- | Latin avis | bird
bary- | Greek barys | heavy
boreo- boreal- | Greek boreas | north
brachio- | Greek brachion | upper arm
brachy- | Greek brachys | short
bronto- | Greek bronte | thunder
calam- | Greek kalamos | reed
campto- | Greek kamptos | bent
carcharo- | Greek karcharos | jagged
carno- carni- | Latin caro, carnis | flesh
caud -cauda | Latin cauda | tail
centro- kentro- | Greek kentron | spike
cephal -cephalus -cephale | Greek kephale | head
cerat | Greek keras, keratos | horn
-ceratops | Greek keras and ops | horned face
cerco- | Greek kerkos | tail
chasmo- | Greek chasma | opening
cheir -cheirus -chirus chiro- | Greek cheir | hand
coel- | Greek koilos | hollow
compso- | Greek kompsos | elegant
corni- cornu- | Latin cornu | horn
coryth- | Greek korys, korythos | helmet
craspedo- | Greek kraspedon | border
crato- | Greek kratos | strength
cryo- | Greek kryos | frost
crypto- | Greek kryptos | hidden
cyano- | Greek kyanos | dark blue
cyclo- | Greek kyklos | circle
dactyl -dactylus | Greek daktylos | finger
daspleto- | Greek daspletos | frightful
deino- dino- | Greek deinos | terrible
denti- | Latin dens, dentis | tooth
-derma dermato- | Greek derma | skin
diplo- | Greek diploos | double
-docus | Greek dokos | beam
draco- dracon- -draco -dracon | Latin draco | dragon
dromaeo- | Greek dromaios | swift-running
-dromeus | Greek dromeus | runner
drypto- | Greek drypto | tearing
-dux | Latin dux | leader
dynamo- | Greek dynamis | power
echino- | Greek echinos | hedgehog
elaphro- | Greek elaphros | nimble
elasmo- | Greek elasmos | metal plate
eo- | Greek eos | dawn
equi- | Latin equus | horse
erythro- | Greek erythros | red
eu- | Greek eu | well
euoplo- | Greek euoplos | well armed
euro- | Greek Europe | Europe
-ferox | Latin ferox | fierce
fulguro- fulguri- | Latin fulgur | lightning
galli- | Latin gallus | rooster
gastro- | Greek gaster, gastros | belly
giganto- gigant- | Greek gigas, gigantos | giant
glypto- | Greek glyptos | carved
gnath -gnathus | Greek gnathos | jaw
gorgo- | Greek gorgos | grim
gracili- | Latin gracilis | slender
grypo- | Greek grypos | hook-nosed
hadro- | Greek hadros | stout
haplo- | Greek haploos | single
hespero- | Greek hesperos | western
hetero- | Greek heteros | different
hippo- | Greek hippos | horse
homalo- | Greek homalos | even
hoplo- | Greek hoplon | weapon
hylaeo- | Greek hylaios | of the forest
hypselo- | Greek hypselos | high
hypsi- | Greek hypsi | on high
ichthyo- | Greek ichthys | fish
iguan- | Taíno iwana | iguana
-imperator | Latin imperator | commander
indo- | Greek Indos | India
iso- | Greek isos | equal
lago- | Greek lagos | hare
lepido- | Greek lepis, lepidos | scale
lepto- | Greek leptos | slim
-lestes | Greek lestes | robber
litho- | Greek lithos | stone
loph -lophus | Greek lophos | crest
loric- | Latin lorica | breastplate
lyco- | Greek lykos | wolf
macro- | Greek makros | long
magni- | Latin magnus | great
maia- | Greek maia | good mother
mega- megalo- | Greek megas, megalou | great
melano- | Greek melas, melanos | black
meso- | Greek mesos | middle
micro- | Greek mikros | small
-mimus mimo- | Latin mimus | mimic
mono- | Greek monos | single
-morpha -morphus morpho- | Greek morphe | shape
nano- nanno- -nanus | Greek nanos | dwarf
naso- | Latin nasus | nose
nasuto- | Latin nasutus | large-nosed
neo- | Greek neos | new
nodo- | Latin nodus | knot
notho- | Greek nothos | false
noto- | Greek notos | south wind
nycto- | Greek nyx, nyktos | night
odont -odon -odus | Greek odous, odontos | tooth
-oides | Greek eidos | likeness
onych -onychus -onyx | Greek onyx, onychos | claw
ophthalmo- | Greek ophthalmos | eye
-ops | Greek ops | face
-opsis | Greek opsis | appearance
ornith -ornis | Greek ornis, ornithos | bird
oro- | Greek oros | mountain
orycto- -oryctes | Greek oryktes | digger
ovi- | Latin ovum | egg
oxy- | Greek oxys | sharp
pachy- | Greek pachys | thick
palaeo- paleo- | Greek palaios | ancient
para- | Greek para | beside
peloro- | Greek peloros | monstrous
-pelta pelto- | Greek pelte | small shield
penta- | Greek pente | five
petro- | Greek petra | rock
phobero- | Greek phoberos | fearsome
phyllo- | Greek phyllon | leaf
pinaco- | Greek pinax, pinakos | board
pisci- | Latin piscis | fish
placo- | Greek plax, plakos | slab
plateo- platy- | Greek platys | broad
plesio- | Greek plesios | near
pleuro- | Greek pleura | rib
-podus -pus podo- | Greek pous, podos | foot
poly- | Greek polys | many
preno- | Greek prenes | sloping
pro- | Greek pro | before
proto- | Greek protos | first
pseudo- | Greek pseudes | false
psittaco- | Greek psittakos | parrot
-pteryx ptero- pterygo- | Greek pteryx, pterygos | wing
-pugnax | Latin pugnax | combative
pyro- | Greek pyr | fire
quadri- | Latin quattuor | four
raptor | Latin raptor | thief
regi- -rex | Latin rex, regis | king
rhabdo- | Greek rhabdos | rod
-rhamphus rhampho- | Greek rhamphos | beak
rhino- -rhinus | Greek rhis, rhinos | nose
rhyncho- -rhynchus | Greek rhynchos | snout
rostro- rostri- | Latin rostrum | beak
rugo- | Latin ruga | wrinkle
sarco- | Greek sarx, sarkos | flesh
saur -saurus -saura | Greek sauros | lizard
scolo- | Greek skolos | stake
scuto- scuti- | Latin scutum | oblong shield
segno- | Latin segnis | slow
silvi- | Latin silva | forest
sino- | Latin Sinae | China
smilo- -smilus | Greek smile | carving knife
sphaero- | Greek sphaira | ball
spino- spini- | Latin spina | spine
spondylo- -spondylus | Greek spondylos | vertebra
stego- | Greek stegos | roof
steno- | Greek stenos | narrow
struthio- | Latin struthio | ostrich
stygi- | Greek Styx, Stygos | river of the underworld
styraco- | Greek styrax, styrakos | spear spike
sucho- -suchus | Greek Souchos | crocodile god
super- | Latin super | above
tarbo- | Greek tarbos | dread
tauro- -taurus | Latin taurus | bull
tenonto- | Greek tenon, tenontos | sinew
terato- | Greek teras, teratos | marvel
tetra- | Greek tettares | four
-therium -therion | Greek therion | wild beast
thescelo- | Greek theskelos | wondrous
tholo- -tholus | Greek tholos | dome
titan | Greek Titan | Titan
torvo- | Latin torvus | savage
trachy- | Greek trachys | rough
tri- | Greek treis | three
tyranno- -tyrannus | Greek tyrannos | tyrant
veloci- | Latin velox, velocis | swift
-venator | Latin venator | hunter
-vorator | Latin vorator | devourer
xeno- | Greek xenos | strange
xero- | Greek xeros | dry
xipho- | Greek xiphos | sword
zephyro- | Greek zephyros | west wind
zygo- | Greek zygon | yoke
""")
