"""What happens when. Knows no delegate and no country."""
