"""Training while the bot serves."""
