"""Tests of the whole line."""
