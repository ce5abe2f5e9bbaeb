"""Signed links of focal points and of participants. Tokens are neither stored nor logged."""

from registrations.tokens.focal_points import invitation_url, make_invitation_token, read_invitation_token
from registrations.tokens.participants import Scope, join_url, make_token, page_url, read_feed_token, read_token

__all__ = [
    "Scope",
    "invitation_url",
    "join_url",
    "make_invitation_token",
    "make_token",
    "page_url",
    "read_feed_token",
    "read_invitation_token",
    "read_token",
]
