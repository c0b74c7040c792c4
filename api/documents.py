"""The OpenAPI description and the page that shows it: rendered here, without a script and without anybody's server."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import flask_smorest
from flask import Flask, Response, current_app, json, render_template, send_from_directory
from markupsafe import Markup, escape
from marshmallow import fields

from api.blueprint import PROBLEMS, Blueprint
from api.schemas.fields import Input, Output, Text
from config import ROOT
from loyalty.access import public

TITLE = "Kopilka"
VERSION = "1"
_METHODS = ("get", "post", "put", "patch", "delete")

_QUOTED = re.compile(r"`([^`]+)`")
blueprint = Blueprint(
    "docs", __name__, url_prefix="/api", template_folder="templates", description="This description of the API"
)


class Problem(Output):
    """RFC 9457. `code` is stable; `detail` is for people; `errors` names the fields at fault. `feature_locked`
    says which `feature` it is and which `plan` opens it (null: the platform has switched it off for this partner)."""

    type = fields.String(required=True, metadata={"example": "about:blank"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    code = fields.String(required=True, metadata={"example": "validation_error"})
    detail = fields.String(required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    feature = fields.String()
    plan = fields.String(allow_none=True)
    request_id = fields.String(required=True)


class Search(Input):
    q = Text(minimum=0, maximum=100, load_default="")


class Api(flask_smorest.Api):
    """flask-smorest writes the description; errors and the page are our own."""

    DEFAULT_ERROR_RESPONSE_NAME = None
    ERROR_SCHEMA = Problem

    def _register_doc_blueprint(self) -> None:
        """Nothing: `blueprint` below serves the description."""

    def _register_error_handlers(self) -> None:
        """Nothing: `api.errors` answers."""


def make_api(app: Flask) -> Api:
    app.config.update(API_TITLE=TITLE, API_VERSION=VERSION, OPENAPI_VERSION="3.0.3")
    api = Api(
        app, spec_kwargs={"info": {"description": _ABOUT}, "servers": [{"url": app.config["SETTINGS"].public_url}]}
    )
    schemes = api.spec.components
    schemes.security_scheme(
        "bearer",
        {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A person's access token, 15 minutes",
        },
    )
    schemes.security_scheme(
        "apiKey", {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "A till's or machine's key"}
    )
    return api


_ABOUT = """\
One loyalty platform for businesses with and without a CRM. People call with `Authorization: Bearer`, machines with
`X-API-Key`. Money is a decimal string, points are whole numbers, ids are UUIDs, times are ISO 8601 with their offset.
Every error is `application/problem+json` with a stable `code`. Lists answer `{"items": [...], "next_cursor": null}`;
hand `next_cursor` back as `cursor` for the next page."""


@blueprint.get("/openapi.json")
@public
@blueprint.response(200, {"type": "object"}, description="OpenAPI 3")
def show_openapi():
    """This description as OpenAPI 3."""
    return Response(json.dumps(_spec(), ensure_ascii=False), mimetype="application/json")


@blueprint.get("/docs")
@public
@blueprint.arguments(Search, location="query")
@blueprint.response(200, {"type": "string"}, content_type="text/html", description="A page for people")
def show_docs(asked):
    """This description as a page. `q` leaves the operations that mention it."""
    words = asked["q"].casefold().split()
    groups = _group(_spec(), lambda operation: all(word in str(operation).casefold() for word in words))
    page = render_template("docs.html", spec=_spec(), groups=groups, q=asked["q"], problems=PROBLEMS)
    return Response(page, mimetype="text/html")


@blueprint.get("/docs/docs.css")
@public
@blueprint.response(200, {"type": "string"}, content_type="text/css", description="A style sheet")
def send_docs_style():
    """How the page of this description looks."""
    response = send_from_directory(ROOT / "api" / "static", "docs.css")
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


def _spec() -> dict[str, Any]:
    found = current_app.extensions.get("openapi")
    if found is None:
        api = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"]
        found = current_app.extensions["openapi"] = json.loads(json.dumps(api.spec.to_dict()))
    return found


def _group(spec: dict[str, Any], wanted: Callable[[dict], bool]) -> list[dict[str, Any]]:
    """The operations by tag in the order of registration, ready for the template."""
    groups = {tag["name"]: {"description": tag.get("description", ""), "operations": []} for tag in spec["tags"]}
    for path, methods in spec["paths"].items():
        shared = methods.get("parameters", [])
        for method in _METHODS:
            if method in methods:
                operation = _present(spec, path, method, methods[method], shared)
                if wanted(operation):
                    groups[methods[method]["tags"][0]]["operations"].append(operation)
    return [{"name": name, **group} for name, group in groups.items() if group["operations"]]


def _present(spec: dict, path: str, method: str, operation: dict, shared: list) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    return {
        "id": f"{method}-{path.strip('/').replace('/', '-').replace('{', '').replace('}', '')}",
        "method": method.upper(),
        "path": path,
        "summary": operation.get("summary", ""),
        "description": operation.get("description", ""),
        "security": [name for need in operation.get("security", []) for name in need],
        "parameters": [*shared, *operation.get("parameters", [])],
        "body": _fields(spec, body) if body else [],
        "responses": [
            {
                "status": status,
                "description": answer.get("description", ""),
                "fields": _answer_fields(spec, answer),
                "is_problem": "application/problem+json" in answer.get("content", {}),
            }
            for status, answer in sorted(operation["responses"].items())
        ],
    }


def _answer_fields(spec: dict, answer: dict) -> list[dict[str, Any]]:
    schema = answer.get("content", {}).get("application/json", {}).get("schema")
    return _fields(spec, schema) if schema else []


def _fields(spec: dict, schema: dict, prefix: str = "", depth: int = 0) -> list[dict[str, Any]]:
    """The fields of a schema as flat rows with dotted names, nested objects unfolded three levels deep."""
    schema, suffix = _resolve(spec, schema), ""
    if schema.get("type") == "array":
        schema, suffix = _resolve(spec, schema.get("items", {})), "[]"
    rows = []
    for name, found in schema.get("properties", {}).items():
        inner = _resolve(spec, found)
        dotted = f"{prefix}{suffix}.{name}" if prefix else name
        items = _resolve(spec, inner.get("items", {})) if inner.get("type") == "array" else inner
        rows.append(
            {
                "name": dotted,
                "type": _type(inner),
                "required": name in schema.get("required", []),
                "notes": _notes(inner),
            }
        )
        if items.get("properties") and depth < 3:
            many = "[]" if inner.get("type") == "array" else ""
            rows += [{**row, "name": f"{dotted}{many}.{row['name']}"} for row in _fields(spec, items, "", depth + 1)]
    return rows


def _resolve(spec: dict, schema: dict) -> dict:
    if "allOf" in schema and len(schema["allOf"]) == 1:
        schema = {**schema["allOf"][0], **{name: value for name, value in schema.items() if name != "allOf"}}
    if "$ref" not in schema:
        return schema
    return spec["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]


def _type(schema: dict) -> str:
    kind = schema.get("type", "any")
    if kind == "array":
        return "list"
    return f"{kind} ({schema['format']})" if "format" in schema else str(kind)


def _notes(schema: dict) -> str:
    notes = [schema["description"]] if schema.get("description") else []
    if "enum" in schema:
        notes.append("one of: " + ", ".join(str(word) for word in schema["enum"]))
    if "minimum" in schema or "maximum" in schema:
        notes.append(f"{schema.get('minimum', '…')} to {schema.get('maximum', '…')}")
    if schema.get("nullable"):
        notes.append("may be null")
    if "example" in schema:
        notes.append(f"e.g. {schema['example']}")
    return "; ".join(notes)


@blueprint.app_template_filter("in_code")
def show_code(words: str) -> Markup:
    """Words with what stands between backticks shown as code."""
    return Markup(_QUOTED.sub(r"<code>\1</code>", str(escape(words))))  # noqa: S704 (escaped first)
