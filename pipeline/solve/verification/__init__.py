"""Benchmarks with known answers, solved by the same body, terms and solvers as the foot.

``firstray verify`` runs them and prints the table; the tests assert every line of it on 1, 2 and 3 ranks.
"""
