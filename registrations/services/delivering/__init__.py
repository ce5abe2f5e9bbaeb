"""Plans and sends deliveries of every kind. What is particular to one kind is in `registrations.messages`."""
