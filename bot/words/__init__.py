"""Every sentence that a person can read, in HTML: short, warm, in the first person.

Sentences are `Markup` templates: whatever is put into them is escaped by its type, so no caller can forget it. Only b,
i, code and pre occur, which every door can show, and `a` around the code of a creation: where a door can, it makes that
a link to the creation.

    sentences   what everybody reads
    admins      what admins read: trainings, versions, custom voices
    layout      how names, verse and sonnets are set
    tables      a training, the versions of a network, /status
"""
