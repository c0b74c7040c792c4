"""The HTTP door in JSON: `create_app` builds the WSGI application. Doors are thin; the rules live in `loyalty`."""

from api.application import create_app

__all__ = ["create_app"]
