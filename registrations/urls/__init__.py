"""Addresses: `pages` in a language, `files` without one."""
