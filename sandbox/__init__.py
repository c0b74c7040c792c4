"""Real HTTP stand-ins for the foreign systems and the demo world: for `make run` and the tests, never for production.

Nobody imports this package but the demo command and the tests.
"""
