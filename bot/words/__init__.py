"""Every sentence that a person can read, in HTML: short, warm, in the first person.

Sentences are `Markup` templates: their type escapes what is put into them, so no caller can forget
it. Every door shows b, i, code and pre; `a` stands around the code of a creation, and becomes a
link to it where a door can open links.

    sentences   what everybody reads
    admins      what admins read: trainings, versions, custom voices
    page        the labels of the page, and what it says when something is wrong: plain text
    layout      how names, verse and sonnets are set; `pieces` cuts them where their style changes
    tables      a training, the versions of a network, /status
    biography   one line about the life of a dinosaur that never lived
"""
