"""One module per user story: what focal points, the secretariat and participants do, and what is owed for it."""
