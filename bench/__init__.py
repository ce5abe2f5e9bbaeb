"""`make bench` compares the product with the least work that the same task needs, as ratios measured in one run."""
