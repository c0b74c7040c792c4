"""The web process of the demo: `wsgi.app` with the sandbox's pages."""

from sandbox.application import add_sandbox
from wsgi import app as bare

app = add_sandbox(bare)
