"""Telegram's stand-in: a local Bot API over HTTP for the real bot process, with faults that can be switched on, and doors
by which scripts chat as any demo person.
"""
