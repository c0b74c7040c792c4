"""The HTTP door in pages: the cabinet, the till, the desk and the admin's rooms, rendered on the server over the same core.

Everything works without JavaScript; the modules of `static/js` only make it pleasanter. No rule and no SQL lives here.
"""

from web.application import add_pages

__all__ = ["add_pages"]
