"""Tests of the parallel solve; those in ``parallel`` run on 1, 2 and 3 ranks."""
