"""Cards: the creature, the words, the button below a creation, and the command."""

import re
import string
import struct
from collections import Counter
from functools import cache
from itertools import chain, product
from xml.etree import ElementTree as ET

import fontpkg_eb_garamond
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageFont

from bot.cards.biography import FACTS, biography, words_for
from bot.cards.bodies import BODIES, FRINGES, PATTERNS, PEOPLE, PIECES, SCENES, points
from bot.cards.card import name_card, names_card, verse_card
from bot.cards.creature import Creature
from bot.cards.saying import pronunciation
from bot.cards.scene import GROUND, HEIGHT, WIDTH, world
from bot.cards.shapes import contrast
from bot.creations import Creation
from bot.words.font import drawable
from bot.words.layout import meaning, why_no_card
from bot.words.sentences import FOUND, INVENTED, SHARED, WRITTEN
from model.text.forms import Genre
from model.writing.decoder import Decoder
from model.writing.requests import NameRequest, generator_for
from tests.fake_chat import FakeChat
from tests.recorded import VERSIONS

FONT = fontpkg_eb_garamond.ROOT / "files" / "EBGaramond[wght].ttf"
NAMES = st.text(string.ascii_lowercase, min_size=1, max_size=30)

SAID = """
Albertosaurus al-ber-to-SAW-rus | Alioramus al-ee-o-RAY-mus | Allosaurus al-o-SAW-rus
Ankylosaurus an-kil-o-SAW-rus
Apatosaurus a-pat-o-SAW-rus | Archaeopteryx ar-kee-OP-te-riks | Bambiraptor bam-bi-RAP-tor
Baryonyx bar-ee-O-niks
Brachiosaurus brak-ee-o-SAW-rus | Camarasaurus kam-a-ra-SAW-rus | Carnotaurus kar-no-TAW-rus
Caudipteryx kaw-DIP-te-riks | Ceratosaurus se-rat-o-SAW-rus | Chasmosaurus kas-mo-SAW-rus
Coelophysis see-lo-FYE-sis
Compsognathus komp-SOG-na-thus | Corythosaurus ko-rith-o-SAW-rus | Deinonychus dye-NON-i-kus
Dilophosaurus di-lo-fo-SAW-rus | Diplodocus di-PLOD-o-kus | Dromaeosaurus dro-mee-o-SAW-rus
Edmontonia ed-mon-TO-nee-a | Edmontosaurus ed-mon-to-SAW-rus | Eoraptor ee-o-RAP-tor
Gallimimus gal-i-MYE-mus
Gasosaurus gas-o-SAW-rus | Gorgosaurus gor-go-SAW-rus | Hadrosaurus had-ro-SAW-rus
Herrerasaurus her-er-a-SAW-rus
Hypsilophodon hip-si-LOF-o-don | Iguanodon i-GWAN-o-don | Kentrosaurus ken-tro-SAW-rus
Lambeosaurus lam-bee-o-SAW-rus | Leptoceratops lep-to-SER-a-tops | Maiasaura mye-a-SAW-ra
Megalosaurus meg-a-lo-SAW-rus | Megaraptor meg-a-RAP-tor | Microraptor mye-kro-RAP-tor
Mononykus mo-NON-i-kus
Nodosaurus no-do-SAW-rus | Ornithomimus or-nith-o-MYE-mus | Ouranosaurus oo-ran-o-SAW-rus
Oviraptor o-vi-RAP-tor
Pachycephalosaurus pak-i-sef-a-lo-SAW-rus | Parasaurolophus par-a-saw-ROL-o-fus
Pentaceratops pen-ta-SER-a-tops
Plateosaurus plat-ee-o-SAW-rus | Protoceratops pro-to-SER-a-tops | Psittacosaurus sit-ak-o-SAW-rus
Rhabdodon RAB-do-don | Rugops ROO-gops | Saltasaurus sal-ta-SAW-rus | Sauropelta saw-ro-PEL-ta
Shunosaurus shoo-no-SAW-rus | Spinosaurus spye-no-SAW-rus | Stegosaurus steg-o-SAW-rus
Struthiomimus stroo-thee-o-MYE-mus | Styracosaurus stye-rak-o-SAW-rus | Suchomimus soo-ko-MYE-mus
Tarbosaurus tar-bo-SAW-rus | Torosaurus to-ro-SAW-rus | Triceratops trye-SER-a-tops
Troodon TRO-o-don
Tyrannosaurus tye-ran-o-SAW-rus | Velociraptor vel-o-si-RAP-tor
Xenotarsosaurus zen-o-tar-so-SAW-rus
Zuniceratops zoo-ni-SER-a-tops | Mangosaurus man-go-SAW-rus
Sclerostegosaurus skler-o-steg-o-SAW-rus | Brachydracon brak-i-DRAK-on
Massospondylus mas-o-SPON-di-lus | Datonglong da-TONG-long | Kimidraco kim-i-DRAK-o
Tethyshadros teth-is-HAD-ros | Altirhinus al-ti-RYE-nus
Mangolophodon man-go-LOF-o-don | Voicestarsisaurus voy-ses-tar-si-SAW-rus
Qantassaurus kan-tas-SAW-rus | Scelidosaurus se-lid-o-SAW-rus
Bksbosaurus b-k-s-bo-SAW-rus | Quintasaurus kwin-ta-SAW-rus
Chubutisaurus choo-boo-ti-SAW-rus | Bitcoinosaurus bit-koyn-o-SAW-rus
Chinaonyx chye-na-O-niks | Chinasaurus chye-na-SAW-rus
Mondayodon mun-DAY-o-don | Pizzavenator peet-sa-ve-NAY-tor
Guitarosaurus gi-tar-o-SAW-rus | Teacherosaurus tee-chur-o-SAW-rus
Teachsaurus tee-ak-SAW-rus | Carnosaurus kar-no-SAW-rus
"""


def test_real_names_are_said_as_people_say_them() -> None:
    table = dict(pair.split() for pair in re.split(r" \| |\n", SAID.strip()))
    assert {name: pronunciation(name) for name in table} == table


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("liotitan", "long neck"),
        ("dinovenator", "big hunter"),
        ("ravenatyrannus", "big hunter"),
        ("galeraptor", "claw"),
        ("asteroceratops", "horned"),
        ("stegosaurus", "plated"),
        ("lophopelta", "armoured"),
        ("diadocephale", "domed"),
        ("parasaurolophus", "crested"),
        ("albapteryx", "winged"),
        ("spinosaurus", "sailed"),
        ("gallimimus", "ostrich"),
    ],
)
def test_the_meaning_of_a_name_chooses_the_body(name: str, kind: str) -> None:
    assert Creature(name).kind == kind


def test_names_without_a_known_part_have_any_body() -> None:
    letters = string.ascii_lowercase
    assert {Creature(f"{a}{b}q").kind for a in "bdfgklm" for b in letters} == set(BODIES)


def test_a_body_has_poses_that_differ_and_stands_on_the_ground_in_each() -> None:
    creatures = [Creature(f"{a}{b}q") for a, b in product(string.ascii_lowercase, repeat=2)]
    by_pose = {(creature.kind, creature.pose): creature for creature in creatures}
    for kind, body in BODIES.items():
        posed = [by_pose[kind, pose] for pose in body.poses]
        assert len(posed) > 3
        assert len({round(creature.joints["head"][1] / 10) for creature in posed}) > 2
        for creature in posed:
            creature.svg()
            deepest = max(y for _, y in creature.points)
            # the ground is at 0; only a creature that drinks may reach far below it
            assert -4 < deepest < (24 if creature.pose == "drinking" else 4)
            assert creature.joints["head"][2] > 0  # nobody looks back


def test_a_frill_stands_behind_the_eye_and_leaves_the_throat_free() -> None:
    x, y, _ = BODIES["horned"].points["eye"][0]
    for frill in BODIES["horned"].lists["choices"]:
        for _, where in (piece.split(": ") for piece in PIECES[frill].split("; ")):
            assert all(u < x + 20 and v < y + 40 for u, v in points(where))


def test_the_person_who_gives_the_scale_stands_out_from_the_plants() -> None:
    lit = [
        colour for person in PEOPLE.values() for colour, _ in person if colour > "#f"
    ]  # light ones
    assert len(lit) > 3 * len(PEOPLE)
    for scene in SCENES.values():
        assert all(contrast(colour, scene.split()[6]) > 250 for colour in lit)


def test_the_meaning_of_a_name_chooses_colour_size_and_horns() -> None:
    assert Creature("erythroraptor").paints["main"] == Creature("erythrotitan").paints["main"]
    assert Creature("sauropelta").metres > 5  # a small shield
    assert Creature("nanotitan").metres < 0.5 * Creature("megatitan").metres
    assert "brow horns" not in Creature("monoceratops").parts
    assert "cheek horns" in Creature("pentaceratops").parts


@settings(max_examples=12, deadline=None)
@given(NAMES)
def test_a_drawing_is_svg_inside_its_frame_with_one_decimal(name: str) -> None:
    creature = Creature(name)
    svg = world(creature)
    ET.fromstring(svg)
    paths = "".join(re.findall(r' d="(.*?)"', svg))
    assert not re.search(r"[^ZMCQVHLv\d .-]|\.\d\d", paths)
    placed = re.findall(rf"translate\(([-\d.]+) {GROUND}\) scale\(([\d.]+) ", svg)
    (person_x, person_scale), (x, scale) = (map(float, pair) for pair in placed)
    assert (
        x + creature.box()[1] * scale < person_x - 20 * person_scale
    )  # the person does not stand inside it
    assert all(0 <= x + u * scale <= WIDTH for u, _ in creature.points)
    assert all(0 <= GROUND + v * scale <= HEIGHT for _, v in creature.points)


@pytest.mark.parametrize(
    ("name", "worn"),
    [("piscivenator", "@fish"), ("ravenatyrannus", "@crown"), ("lokoraptor", "@mask")],
)
def test_a_life_tells_of_the_thing_that_a_creature_wears(name: str, worn: str) -> None:
    assert any(worn in key for key in FACTS[biography(Creature(name))])


@settings(max_examples=12, deadline=None)
@given(NAMES)
def test_a_life_never_contradicts_the_picture(name: str) -> None:
    creature = Creature(name)
    shown = words_for(creature.kind, *creature.scene.split(), *creature.parts)
    shown |= {word for part in creature.chance.parts for word in part}
    keys = FACTS[biography(creature)]
    assert any(key <= shown for key in keys)
    assert creature.pose != "sleeping" or any("@sleeping" in key for key in keys)


def test_all_that_is_told_of_a_picture_can_be_drawn() -> None:
    """In the keys of FACTS, a word with @ names a thing in the picture."""
    names = set(chain(BODIES, PEOPLE, PIECES, FRINGES, *map(str.split, SCENES)))
    names |= {pose for body in BODIES.values() for pose in body.poses}
    words = {word for keys in FACTS.values() for key in keys for word in key}
    assert {word for word in words if word.startswith("@")} <= words_for(*names, *PATTERNS)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_in_60_cards_no_line_stands_more_than_twice(seed: int) -> None:
    requests = [NameRequest(generator_for(seed, turn)) for turn in range(60)]
    results = Decoder(VERSIONS["dino"].load_released()).generate(requests)
    lines = Counter(biography(Creature(*result.texts)) for result in results)
    assert max(lines.values()) <= 2


def test_the_card_of_a_name_says_all_that_is_known_of_it() -> None:
    told = ["Liotitan", "lee-o-TYE-tan", "lio-, smooth, and -titan, giant"]
    told += [biography(Creature("liotitan")), INVENTED]
    svg, words = name_card("liotitan", "k7m2p9xb4q", str(meaning("liotitan")))
    assert words == "\n".join(told)
    shown = "".join(ET.fromstring(svg).itertext()).replace(" ", "")
    assert all(line.replace(" ", "") in shown for line in (*told, "k7m2p9xb4q"))
    assert name_card("Triceratops", "", "")[1].endswith(FOUND)


@pytest.mark.parametrize(
    ("name", "person"),
    [
        ("saraheratops", "Sarah"),
        ("oliviasaura", "Olivia"),
        ("maximilianosaurus", "Maximilian"),
        ("muhammadornis", "Muhammad"),
        ("mammmammmammosaurus", ""),
        ("m" * 40, ""),
        ("galeamopus", ""),
    ],
)
def test_a_card_of_a_name_has_room_for_its_words(name: str, person: str) -> None:
    svg, words = name_card(
        name, "", str(meaning(name, person.lower(), person)), person, is_person=bool(person)
    )
    *lines, _, _ = ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    shown = "".join(words.split())
    for line in lines:
        left, _, right, low = ink(line.text or "")
        size = float(line.get("font-size", ""))
        assert (right - left) * size / 100 < 960
        assert float(line.get("y", "")) + low * size / 100 < 1270  # the footer begins there
        own = "".join((line.text or "").split())
        assert shown.startswith(own)
        shown = shown.removeprefix(own)


def test_no_line_of_a_card_breaks_between_a_number_and_its_unit() -> None:
    svg, _ = name_card("galeamopus", "", "")
    lines = "\n".join(line.replace("\u00a0", " ") for line in ET.fromstring(svg).itertext())
    assert "155 to 150 million" in lines
    assert "24 m long" in lines


def test_nothing_is_told_of_a_snowman_where_there_is_none() -> None:
    told = [key for fact, keys in FACTS.items() if "snowman" in fact for key in keys]
    keys = [key for key in told if not any(word.startswith("#") for word in key)]
    assert keys
    assert all("@building-a-snowman" in key for key in keys)


@given(st.text("ab \n<&é", max_size=60), st.text("cd \n'", max_size=60), st.booleans())
def test_a_card_of_verse_marks_the_words_of_a_person(
    prompt: str, rest: str, is_sonnet: bool
) -> None:
    root = ET.fromstring(verse_card(prompt, rest, "code", is_sonnet=is_sonnet)[0])
    own = "".join(e.text or "" for e in root.iter() if e.get("fill") == "#9c4a2f")
    assert "".join(own.lower().split()) == "".join(prompt.split())
    words = (prompt + rest).replace("'", "’") + (SHARED if prompt else WRITTEN) + "code"
    assert "".join("".join(root.itertext()).lower().split()).endswith("".join(words.split()))


def test_a_long_first_line_leaves_the_others_their_size() -> None:
    verse = " If thou hast slain,\nAnd when they were beneath the wilderness,"
    svg, _ = verse_card("Happy birthday, Grandma!", verse, "", is_sonnet=False)
    lines = ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    sizes = {"".join(line.itertext()): float(line.get("font-size", "")) for line in lines}
    assert 1.1 < sizes["If thou hast slain,"] / sizes[verse.split("\n")[1]] < 1.6


@cache
def ink(text: str) -> tuple[float, ...]:
    """Measure where a text has ink if it is 100 pixels large: left, top, right, bottom."""
    mask, (dx, dy) = ImageFont.truetype(FONT, 100).getmask2(text, anchor="ls")
    left, top, right, bottom = mask.getbbox()
    return left + dx, top + dy, right + dx, bottom + dy


@pytest.mark.parametrize("rest", ["gypy", " gypy" * 9])
@pytest.mark.parametrize("is_sonnet", [False, True])
def test_no_initial_covers_a_letter(rest: str, is_sonnet: bool) -> None:
    capitals = chain(range(48, 91), range(192, 223), range(913, 938), range(1040, 1072))
    for letter in filter(str.isalnum, map(chr, capitals)):
        svg, _ = verse_card(letter + rest, "\nHdlÉ pqj" * 13, "", is_sonnet=is_sonnet)
        boxes = []
        for text in list(ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"))[2:7]:
            x, y, size = (float(text.get(key, "")) for key in ("x", "y", "font-size"))
            boxes.append(
                [
                    at + side * size / 100
                    for at, side in zip((x, y, x, y), ink("".join(text.itertext())), strict=True)
                ]
            )
        (left, top, right, low), *others = boxes
        assert left == pytest.approx(min(box[0] for box in others), abs=12)
        for box in others:
            assert right < box[0] or box[2] < left or low < box[1] or box[3] < top, letter


@pytest.mark.parametrize(
    ("verse", "lacking"),
    [
        ("", ""),
        ("a\n\nb\t" * 50, ""),
        ("Кто там — “who’s there?” Μῆνιν ἄειδε… €5, № 7", ""),
        ("a 日本", "日"),
        ("🦕 roars ❤️", ""),
        ("שלום", "ש"),
    ],
)
def test_a_text_has_a_card_if_the_font_has_its_letters(verse: str, lacking: str) -> None:
    poem = Creation("", 1, Genre.POEM, "", 0, 0, verse, 1.0)
    reason = str(why_no_card(poem))
    assert lacking in reason
    assert bool(lacking) == bool(reason)


def test_all_names_of_a_voice_are_on_one_card() -> None:
    stars = Creation(
        "k7m2p9xb4q", 1, Genre.DINO, "", 0, 0, "", 1.0, 2, voice="stars", text="Merroux\nDubhen"
    )
    assert not why_no_card(stars)
    root = ET.fromstring(names_card(["Merroux", "Dubhen"], "k7m2p9xb4q")[0])
    assert "MerrouxDubhen" in "".join(root.itertext())


async def test_verse_without_a_card_says_why_and_offers_none(chat: FakeChat) -> None:
    poem = await chat.ask("/poem 你好, dark sea")
    assert "card" not in poem.labels
    assert "你" in (await chat.ask(f"/card {poem.code}")).text


@pytest.mark.draws_cards
async def test_a_card_does_without_an_emoji_and_says_so(chat: FakeChat) -> None:
    await chat.ask("/poem My cat 🐱❤️, black")
    card = await chat.press("card")
    assert card.file
    assert card.text.startswith("Drawn without 🐱❤️, which my font lacks.")


def test_a_drawn_verse_lacks_only_the_emoji_that_the_font_lacks() -> None:
    verses = {
        "My cat 🐱❤️, black": "My cat, black",
        "👨‍👩‍👧 and me": " and me",
        "7 [cats]": "7 [cats]",
    }
    assert {verse: drawable(verse) for verse in verses} == verses


@pytest.mark.draws_cards
async def test_a_picture_is_a_png_that_a_phone_can_show(chat: FakeChat) -> None:
    name, png = (await chat.ask("/me Anna")).file or ("", b"")
    assert png.startswith(b"\x89PNG")
    assert struct.unpack(">II", png[16:24]) == (1080, 1350)
    assert re.fullmatch(rf"{chat.messages[0].names[0].lower()}-\w+\.png", name)
