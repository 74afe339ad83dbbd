"""JSON schemas of the documents that have no type of their own, for the API's description."""

from typing import Any

REFERENCE = "#/components/schemas/{name}"

TICKET: dict[str, Any] = {
    "title": "Ticket",
    "type": "object",
    "description": "A ticket as sinks receive it.",
    "required": ["id", "key", "episode", "stage", "severity", "scope", "symptom", "timeline"],
    "properties": {
        name: {"type": "string"}
        for name in ("id", "key", "stage", "severity", "grade", "scope", "symptom", "title")
    }
    | {
        "episode": {"type": "integer"},
        "revision": {"type": "integer"},
        "diagnosis": {"type": "object"},
        **{name: {"type": "array"} for name in ("members", "clocks", "timeline")},
    },
}
TICKET_PAGE: dict[str, Any] = {
    "title": "TicketPage",
    "type": "object",
    "required": ["total", "limit", "offset", "next", "items"],
    "properties": {
        **{name: {"type": "integer"} for name in ("total", "limit", "offset")},
        "next": {"type": ["string", "null"]},
        "items": {"type": "array", "items": {"$ref": REFERENCE.format(name="Ticket")}},
    },
}
COMPLAINT: dict[str, Any] = {
    "title": "Complaint",
    "type": "object",
    "description": "A complaint, the deadlines for answering it and what was done about it.",
    "required": ["id", "number", "ticket", "waiting", "at", "received_at", "deadlines", "filed"],
    "properties": {
        **{
            name: {"type": "string"}
            for name in ("id", "number", "caller", "prompt_heard", "channel", "content")
        },
        **{name: {"type": ["string", "null"]} for name in ("at", "received_at")},
        **{name: {"type": "string"} for name in ("reference", "handler", "ticket")},
        "waiting": {"type": "boolean", "description": "Whether it waits for a ticket."},
        "reporter": {
            "type": "string",
            "description": "An id of the caller, the same in all their complaints; empty where"
            " nobody said who called.",
        },
        "repeats": {
            "type": "integer",
            "description": "The caller's complaints about the same number in the 30 days before.",
        },
        "regulator": {"type": "object"},
        "deadlines": {"type": "array", "items": {"type": "object"}},
        "filed": {"type": "array", "items": {"type": "object"}},
    },
}
COMPLAINT_LIST: dict[str, Any] = {
    "title": "ComplaintList",
    "type": "object",
    "required": ["items"],
    "properties": {
        "items": {"type": "array", "items": {"$ref": REFERENCE.format(name="Complaint")}}
    },
}
PROMETHEUS_ENVELOPE: dict[str, Any] = {
    "title": "Prometheus",
    "type": "object",
    "description": "Prometheus' own envelope, of errors too.",
    "required": ["status"],
    "properties": {
        "status": {"type": "string", "enum": ["success", "error"]},
        "data": {},
        "errorType": {"type": "string"},
        "error": {"type": "string"},
        "warnings": {"type": "array", "items": {"type": "string"}},
    },
}
PROMETHEUS_FORM: dict[str, Any] = {
    "title": "PrometheusForm",
    "type": "object",
    "description": "The parameters of the address; a form's values come first.",
    "additionalProperties": True,
}
OPENAPI: dict[str, Any] = {
    "title": "OpenApi",
    "type": "object",
    "description": "An OpenAPI document.",
    "required": ["openapi", "info", "paths"],
}
EVENT: dict[str, Any] = {
    "title": "Event",
    "type": "object",
    "description": "One server-sent event: what the pages show has changed.",
    "properties": {"event": {"type": "string"}, "data": {"type": "string"}},
}
ALERTMANAGER_MESSAGE: dict[str, Any] = {
    "title": "AlertmanagerMessage",
    "type": "object",
    "description": "What Alertmanager posts to a webhook, version 4.",
    "required": ["version", "alerts"],
    "properties": {
        "version": {"type": "string", "enum": ["4"]},
        "alerts": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["status", "labels"],
                "properties": {
                    "status": {"type": "string", "enum": ["firing", "resolved"]},
                    "labels": {"type": "object", "minProperties": 1},
                    "annotations": {"type": "object"},
                    "startsAt": {"type": "string"},
                    "endsAt": {"type": "string"},
                },
            },
        },
    },
}
COMPLAINT_REPORT: dict[str, Any] = {
    "title": "ComplaintReport",
    "type": "object",
    "description": "A complaint about a number.",
    "required": ["number"],
    "properties": {
        "number": {"type": "string", "description": "The number, 5 to 20 digits."},
        "at": {"type": "string", "description": "RFC 3339."},
        **{
            name: {"type": "string"}
            for name in ("caller", "prompt", "channel", "content", "reference", "handler")
        },
        **{name: {"type": "string"} for name in ("kind", "company", "contact")},
        **{name: {"type": "string"} for name in ("symptom", "pattern")},
        "callers": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
    },
}
CALLBACK: dict[str, Any] = {
    "title": "Callback",
    "type": "object",
    "description": "What the ticket system of the sink posts about a ticket.",
}
PUSH: dict[str, Any] = {
    "title": "Push",
    "description": "What the account's provider pushes, as the profile describes it.",
}
WEBHOOK_RECEIPT: dict[str, Any] = {
    "title": "WebhookReceipt",
    "type": "object",
    "description": "What of the request is durable now.",
}
