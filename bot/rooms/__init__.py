"""The rooms of the bot: each module has functions that read a `Talk`, call the core and answer."""
