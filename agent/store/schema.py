"""The tables of the ledger.

Statements over these tables stay within what SQLite and PostgreSQL share. Times are seconds
since the epoch (UTC). Migrations in ``migrations/`` make the tables; a test compares the two.
"""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    false,
    text,
)

metadata = MetaData()

pages = Table(
    "keep",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
"""Small states by name, one page each: pending alerts, baselines, learnt habits, keys."""

tickets = Table(
    "tickets",
    metadata,
    Column("id", String, primary_key=True),
    Column("key", String, nullable=False),
    Column("episode", Integer, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("stage", String, nullable=False),
    Column("severity", String, nullable=False),
    Column("scope", String, nullable=False),
    Column("symptom", String, nullable=False),
    Column("provider", String, nullable=False),
    Column("account", String, nullable=False),
    Column("number", String, nullable=False),
    Column("detected_at", Float, nullable=False),
    Column("changed_at", Float, nullable=False),
    Column("closed_at", Float),
    Column("revision", Integer, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("muted", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("key", "episode", name="tickets_key_episode"),
    Index(
        "tickets_one_open",
        "key",
        unique=True,
        sqlite_where=text("open"),
        postgresql_where=text("open"),
    ),
    Index("tickets_detected_at", "detected_at"),
)
"""The newest revision of every ticket; at most one open ticket a key."""

ticket_index = Table(
    "ticket_index",
    metadata,
    Column("ticket_id", String, primary_key=True),
    Column("open", Boolean, nullable=False),
    Column("stage", String, nullable=False),
    Column("severity", String, nullable=False),
    Column("grade", String, nullable=False),
    Column("scope", String, nullable=False),
    Column("cause", String, nullable=False),
    Column("party", String, nullable=False),
    Column("provider", String, nullable=False),
    Column("account", String, nullable=False),
    Column("number", String, nullable=False),
    Column("company", String, nullable=False),
    Column("assignee", String, nullable=False),
    Column("severe", Boolean, nullable=False),
    Column("detected_at", Float, nullable=False),
    Column("closed_at", Float, nullable=False),
    Column("due_at", Float, nullable=False),
    Column("words", String, nullable=False),
    Index("ticket_index_due", "open", "due_at", "detected_at", "ticket_id"),
    Index("ticket_index_stage", "open", "stage", "due_at", "detected_at", "ticket_id"),
    Index("ticket_index_closed", "open", "closed_at", "ticket_id"),
    Index("ticket_index_detected", "detected_at", "ticket_id"),
    Index("ticket_index_number", "number"),
    Index("ticket_index_assignee", "assignee", "open", "due_at"),
)
"""What lists of tickets select and sort by, a narrow row each; derived from the documents, so a
row that is missing is made at the next start."""

timeline = Table(
    "timeline",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("ticket_id", String, ForeignKey("tickets.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("at", Float, nullable=False),
    Column("actor", String, nullable=False),
    Column("event", String, nullable=False),
    Column("reason", String, nullable=False),
    Index("timeline_ticket", "ticket_id", "id"),
)
"""What happened to each ticket and why; rows are only added."""

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("sink", String, nullable=False),
    Column("ticket_id", String, ForeignKey("tickets.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("type", String, nullable=False),
    Column("webhook_id", String, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("state", String, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("next_attempt_at", Float, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("first_attempt_at", Float),
    Column("last_attempt_at", Float),
    Column("settled_at", Float),
    Column("failure", String, nullable=False),
    Column("rank", Integer, nullable=False, server_default="2"),
    UniqueConstraint("sink", "webhook_id", name="outbox_sink_webhook_id"),
    Index("outbox_queue", "sink", "state", "id"),
    Index("outbox_turn", "sink", "state", "rank", "id"),
    Index("outbox_order", "sink", "ticket_id", "id"),
)
"""The deliveries due to each sink, with the payload as it was when the ticket changed."""

sink_links = Table(
    "sink_links",
    metadata,
    Column("sink", String, primary_key=True),
    Column("ticket_id", String, ForeignKey("tickets.id"), primary_key=True),
    Column("remote", String, nullable=False),
    Column("reference", String, nullable=False),
    Column("intended_at", Float),
    Column("made_at", Float),
    Column("gone", Boolean, nullable=False, server_default=false()),
    Column("moved", String, nullable=False, server_default=""),
    Column("told_at", String, nullable=False, server_default=""),
    Column("heard_at", Float),
    Index("sink_links_remote", "sink", "remote"),
)
"""The id of each ticket in each ticket system; written before the ticket is made there."""

sink_callbacks = Table(
    "sink_callbacks",
    metadata,
    Column("sink", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("at", Float, nullable=False),
)
"""The callbacks of ticket systems that were applied, so that a repeat changes nothing."""

external_alerts = Table(
    "external_alerts",
    metadata,
    Column("source", String, primary_key=True),
    Column("fingerprint", String, primary_key=True),
    Column("changed_at", Float, nullable=False),
    Column("document", LargeBinary, nullable=False),
)
"""The alerts of other systems, one row each, as last reported."""

complaints = Table(
    "complaints",
    metadata,
    Column("id", String, primary_key=True),
    Column("number", String, nullable=False),
    Column("caller", String, nullable=False),
    Column("received_at", Float, nullable=False),
    Column("ticket_id", String, nullable=False, server_default=""),
    Column("answered_at", Float),
    Column("document", LargeBinary, nullable=False),
    Index("complaints_number", "number", "received_at"),
    Index("complaints_answered_at", "answered_at"),
    Index("complaints_received_at", "received_at", "id"),
    Index("complaints_ticket", "ticket_id"),
)
"""Complaints. Callers' numbers are unmasked here and nowhere else, so that they can be called
back; no document contains them."""

evidence = Table(
    "evidence",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("ticket_id", String, ForeignKey("tickets.id"), nullable=False),
    Column("name", String, nullable=False),
    Column("taken_at", Float, nullable=False),
    Column("sha256", String, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Index("evidence_ticket", "ticket_id", "id"),
    Index("evidence_taken_at", "taken_at"),
)
"""The evidence collected when a ticket opened and when its fault was over, compressed; the digest
is of the content before compression."""

provider_pushes = Table(
    "provider_pushes",
    metadata,
    Column("provider", String, primary_key=True),
    Column("account", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("calls_only", Boolean, nullable=False),
    Column("received_at", Float, nullable=False),
    Column("facts", LargeBinary, nullable=False),
    Index("provider_pushes_received_at", "received_at"),
)
"""The messages that providers pushed, with the facts in them and nothing else of what was sent."""

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("actor", String, nullable=False),
    Column("role", String, nullable=False),
    Column("what", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("address", String, nullable=False),
    Index("audit_at", "at"),
)
"""Who was shown or did what only some may, when, from where and why. No row holds a phone."""

lint_waivers = Table(
    "lint_waivers",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("lint", String, nullable=False),
    Column("number", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("author", String, nullable=False),
    Column("written_at", Float, nullable=False),
    Column("until", String, nullable=False),
    Column("withdrawn_by", String, nullable=False, server_default=""),
    Index("lint_waivers_number", "number"),
)
"""Findings of lints that operators answer for, until a day (ISO 8601); rows are never deleted."""
