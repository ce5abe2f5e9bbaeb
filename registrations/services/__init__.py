"""One module or package per user story of focal points, the secretariat, participants and the system itself."""
