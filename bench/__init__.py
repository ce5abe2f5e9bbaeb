"""`make bench`: how far we are from what cannot be beaten, as ratios measured in one run (design §9)."""
