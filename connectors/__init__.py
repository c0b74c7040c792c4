"""Translators of foreign systems: their words in, ours out. No tables and no rules."""
