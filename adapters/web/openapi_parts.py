"""What the OpenAPI description is made of: schemas, answers, operations."""

from typing import Any

Data = dict[str, Any]

TEXT: Data = {"type": "string"}
NUMBER: Data = {"type": "integer"}
MOMENT: Data = {"type": "string", "format": "date-time"}
DAY: Data = {"type": "string", "format": "date"}
MAYBE_MOMENT: Data = {"type": ["string", "null"], "format": "date-time"}
TEXTS: Data = {"type": "array", "items": TEXT}
STATUSES = ["pending", "in_progress", "done", "delayed", "to_confirm"]


def ref(name: str) -> Data:
    """A schema of ours by name."""
    return {"$ref": f"#/components/schemas/{name}"}


def shaped(required: str = "", **properties: Data) -> Data:
    """An object; `required` names fields, apart by spaces."""
    found: Data = {"type": "object", "properties": properties}
    return found | ({"required": required.split()} if required else {})


def listed(of: Data) -> Data:
    """A list of."""
    return {"type": "array", "items": of}


def answers(media: str, schema: Data | None, words: str = "OK") -> Data:
    """An answer of a media type."""
    return {"description": words, "content": {media: {"schema": schema or TEXT}}}


def as_data(schema: Data, words: str = "OK") -> Data:
    """An answer in JSON."""
    return answers("application/json", schema, words)


def does(
    summary: str,
    answer: Data | None = None,
    *,
    status: str = "200",
    body: Data | None = None,
    files: Data | None = None,
    required: bool = True,
    media: str = "application/json",
    query: str = "",
    path: str = "",
) -> Data:
    """One operation. Every fault has the same form; `files` is the body as multipart."""
    found: Data = {
        "summary": summary,
        "responses": {
            status: answer or answers("text/html", None, "A page"),
            "default": as_data(ref("Error"), "A refusal"),
        },
    }
    where = [("path", n) for n in path.split()] + [("query", n) for n in query.split()]
    if where:
        found["parameters"] = [
            {"name": n, "in": place, "required": place == "path", "schema": TEXT}
            for place, n in where
        ]
    if body:
        content = {media: {"schema": body}}
        if files is not None:
            content["multipart/form-data"] = {"schema": files}
        found["requestBody"] = {"content": content, "required": required}
    return found


FORM = "application/x-www-form-urlencoded"
PICTURE = answers("image/*", None, "A picture")
FEED = answers("text/event-stream", None, "A live feed")
SEEN = answers("text/html", None, "Back to the page")
DONE = answers("application/json", None, "Taken in")
