"""URL patterns: `pages` below a language prefix, `files` without one."""
