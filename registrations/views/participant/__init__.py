"""The pages and files of a participant's link, which needs no account."""
