"""Who comes: delegations, quotas, calendars and deliveries."""
