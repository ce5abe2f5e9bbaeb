"""The pages on which a country names its delegation. Staff may open them too, under their own name."""
