"""The secretariat's rooms in Django admin: each action calls the service that the focal points' pages call."""

from registrations.admin import accounts, bodies, delegates, delegations, deliveries, focal_points, policies, quotas

__all__ = ["accounts", "bodies", "delegates", "delegations", "deliveries", "focal_points", "policies", "quotas"]
