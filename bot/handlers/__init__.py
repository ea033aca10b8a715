"""What a person can ask for: one room for each thing, and none knows another.

Rooms, in no order, and what the composition root uses of them:

    dino          Dino: `/dino`
    poem          Poem: `/poem`, and plain text
    sonnet        Sonnet: `/sonnet`
    buttons       Buttons: another, wilder, tamer, continue, sonnet
    again         Again: `/again`, and links to a creation
    inline        Inline: offers while somebody types, in any chat
    seed          Seed: `/seed`
    preferences   PreferenceMenu: `/settings`
    privacy       Privacy: `/export` and `/forget`
    welcome       Welcome: `/start`, `/help`, `/about`, and what no other room answers; announce_commands
    retrain       Retrain: `/retrain`, and the buttons below a training
    models        Models: `/models` and `/rollback`
    status        Status: `/status`
    voices        VoiceMenu: `/voices`
    teaching      Teaching: `/retrain names` and `/retrain verse`
    failures      Failures: what a person and the log read of anything that goes wrong
"""
