"""Measures what the platform promises of its speed: ratios of two sides taken in turns on one machine.

Absolute numbers mean nothing elsewhere; `docs/figures.md` says what was seen. `make bench` prints the table.
"""
