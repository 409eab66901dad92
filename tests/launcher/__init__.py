"""Launcher, package lists and doctor."""
