"""Every sentence that a person can read, in HTML: short, warm, in the first person.

Sentences are `Markup` templates: whatever is put into them is escaped by its type, so no caller can forget it. Only b,
i, code and pre occur, which every door can show.

    sentences   what everybody reads
    admins      what admins read: trainings, versions, custom voices
    layout      how names, verse and sonnets are set
    tables      a training, the versions of a network, /status
"""
