"""The HTTP door for people: pages over the same core as the API, readable without a script."""
