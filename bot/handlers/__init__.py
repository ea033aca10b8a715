"""What people send, read and passed on: each room answers one kind of message, and knows no other room here."""
