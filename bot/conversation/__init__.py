"""How a request is answered, and how the bot talks.

Rooms, from the ground up, and what other wings use of them:

    typesetting   is_visible: capitals for verse, and its last full stop
    tally         Tally: what has happened since the start
    texts         every sentence that a person can read, by topic
    admission     Admission, ExplainedError, RefusedError: which requests are accepted, and how others are refused
    voices        voice_in, chosen: the own voice that a person asks for
    lines         line_in, after_command, first_line: the line that a person gives
    moods         how daring a text is, in words and as a temperature
    presses       means, pressed, show, say_below, release, is_gone; CreationPress, PreferencePress, PrivacyPress,
                  VoicePress, Action, TrainingPress, UndoPress, PagePress, VersionPress: what comes back when a button
                  is pressed
    buttons       below_preferences, below_question, below_voices, below_removal, below_versions: the buttons below a
                  message
    replies       Reply: a creation with its text, as a chat shows it
    watching      a reply that can be watched while it is written
    answers       Answers: from a request to a reply that is sent and recorded
    board         the message that shows a training
    trainings     Trainings: a training in a chat, from its beginning to its end
"""
