"""The pages and files behind a participant's link; nobody signs in here."""
