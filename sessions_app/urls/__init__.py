"""URL patterns: `pages` with a language prefix, `files` without one."""
