"""Commands for people who run the system: ``flask --app wsgi <group> <command>``. Thin doors over `loyalty`."""
