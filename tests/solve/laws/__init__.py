"""Tests of the tissue laws at homogeneous states."""
