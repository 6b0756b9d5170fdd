"""What the generator of the OpenAPI schema cannot see: our answers to errors, our tokens."""

from typing import Any

from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme

PROBLEM = {
    "type": "object",
    "description": "What went wrong, in a sentence for a person (RFC 9457).",
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "object",
            "additionalProperties": {},
            "description": "Sentences by the field that they belong to.",
        },
    },
    "required": ["type", "title", "status", "detail"],
}


class TokenScheme(KnoxTokenScheme):  # type: ignore[no-untyped-call]  # spectacular's part for knox
    """Tell of our subclass of knox's authentication what is true of knox's."""

    target_class = "portal.api_requests.Tokens"
    name = "token"


def add_problem_details(result: dict[str, Any], **_options: Any) -> dict[str, Any]:
    """Say of each operation that everything but success is answered as problem details."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components["responses"] = {
        "Problem": {
            "description": "Not done: why, and what to do.",
            "content": {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            },
        }
    }
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["responses"]["default"] = {"$ref": "#/components/responses/Problem"}
    return result
