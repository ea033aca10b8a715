"""What is kept of people, in one database: a SQLite file or a PostgreSQL server.

Rooms, from the ground up, and what other wings use of them:

    limits     Limits, Verdict, Rate, LETTERS: how much one person may ask for
    records    Creation, Preferences, Training, Mood, MOODS: what is kept;
               CODE, LARGEST_SEED, new_code, network_of
    schema     the tables
    database   from a URL to transactions, on a thread of its own; files that only their owner can read
    queries    the SQL
    store      Store, StoreError: the questions that the bot asks of the tables
    standby    Standby: which of several processes serves
"""
