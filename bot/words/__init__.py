"""Every sentence that a person can read: short, warm, in the first person.

pieces      a message as pieces of styled text
sentences   what everybody reads
admins      what admins read: trainings, versions, custom voices
page        the labels of the page, and what it says when something is wrong: plain text
layout      how names, verse and sonnets are set
font        the letters of the cards, and how wide they are
tables      a training, the versions of a network, /status
"""
