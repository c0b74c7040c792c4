"""The core: the rules and operations of the programme, as plain functions named by verbs.

It knows no request, no chat, no queue and no HTTP; the clock is always an argument.
"""
