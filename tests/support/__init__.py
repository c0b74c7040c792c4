"""What tests stand on: real databases, a real Redis, a real socket. Fixtures over these are in `tests/conftest.py`."""
