"""The personal data that is stored, its retention and purge, and what a person may ask for."""
