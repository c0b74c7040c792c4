"""Telegram's Bot API. How to connect a bot is in the README beside this file."""

from connectors.telegram.client import BotApi, TelegramError

__all__ = ["BotApi", "TelegramError"]
