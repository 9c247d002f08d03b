"""First room: checks a manifest's data and acknowledges it."""
