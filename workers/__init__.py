"""The time and queue door: what happens after a commit, and what happens because time passed.

`python -m workers` runs all of it. Correctness rests on PostgreSQL alone; Redis carries row ids and may forget them.
"""
