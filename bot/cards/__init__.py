"""Pictures to pass on: a dinosaur drawn from its name, and cards of names and verse. All of it is SVG.

bodies     tables: bodies, heads, legs, plates, colours, plants, and the words that choose among them
shapes     smooth paths
creature   one dinosaur
scene      where it stands, with a person for scale
saying     how its name is said
card       the cards
"""
