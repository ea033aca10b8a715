"""The Telegram application around the networks of `model`."""
