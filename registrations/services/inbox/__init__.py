"""Reads the mail that comes in: answers to invitations, mail that came back, and what people write (rules 21, 22)."""
