"""The Telegram door: one process that takes updates one at a time, each with its effect in one transaction.

Handlers call `loyalty` and answer through the outbox; nothing here waits for Telegram but the question for updates.
"""
