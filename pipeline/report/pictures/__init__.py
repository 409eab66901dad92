"""Pictures, each drawn from files by a program of its own."""
