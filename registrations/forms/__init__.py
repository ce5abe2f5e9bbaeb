"""Forms clean input and nothing else; one module per audience."""
