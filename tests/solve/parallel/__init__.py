"""Properties with known answers, the same on any number of ranks."""
