"""The end of personal data: what is held, what becomes of it, when it ends, and what one person may ask for."""
