"""The smallest Flask application: what any of ours costs at least (P7)."""

from flask import Flask

app = Flask("hello")


@app.get("/")
def hello():
    return {"hello": "world"}
