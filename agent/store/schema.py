"""The tables of the ledger.

Statements over these tables stay within what SQLite and PostgreSQL share. Times are seconds
since the epoch (UTC). Migrations in ``migrations/`` make the tables; a test compares the two.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
    false,
    text,
)

from agent.store import probe_tables
from agent.store.column_types import RowNumber, Text

metadata = probe_tables.metadata
test_calls, test_call_files = probe_tables.test_calls, probe_tables.test_call_files

pages = Table(
    "keep",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
"""Small states by name, one page each: pending alerts, baselines, learnt habits, keys."""

tickets = Table(
    "tickets",
    metadata,
    Column("id", Text, primary_key=True),
    Column("key", Text, nullable=False),
    Column("episode", Integer, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("stage", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("symptom", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("detected_at", Float, nullable=False),
    Column("changed_at", Float, nullable=False),
    Column("closed_at", Float),
    Column("revision", Integer, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("muted", Boolean, nullable=False, server_default=false()),
    Column("erased_at", Float),
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
"""The newest revision of every ticket; at most one open ticket a key. What people are in one that
was closed long ago is erased, from then on at ``erased_at``."""

ticket_index = Table(
    "ticket_index",
    metadata,
    Column("ticket_id", Text, primary_key=True),
    Column("open", Boolean, nullable=False),
    Column("stage", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("grade", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("party", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("company", Text, nullable=False),
    Column("assignee", Text, nullable=False),
    Column("severe", Boolean, nullable=False),
    Column("detected_at", Float, nullable=False),
    Column("closed_at", Float, nullable=False),
    Column("due_at", Float, nullable=False),
    Column("words", Text, nullable=False),
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
    Column("id", RowNumber, primary_key=True, autoincrement=True),
    Column("ticket_id", Text, ForeignKey("tickets.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("at", Float, nullable=False),
    Column("actor", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Index("timeline_ticket", "ticket_id", "id"),
)
"""What happened to each ticket and why; rows are only added."""

outbox = Table(
    "outbox",
    metadata,
    Column("id", RowNumber, primary_key=True, autoincrement=True),
    Column("sink", Text, nullable=False),
    Column("ticket_id", Text, ForeignKey("tickets.id")),
    Column("revision", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("webhook_id", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("next_attempt_at", Float, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("first_attempt_at", Float),
    Column("last_attempt_at", Float),
    Column("settled_at", Float),
    Column("failure", Text, nullable=False),
    Column("rank", Integer, nullable=False, server_default="2"),
    Column("epoch", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("sink", "webhook_id", name="outbox_sink_webhook_id"),
    Index("outbox_queue", "sink", "state", "id"),
    Index("outbox_turn", "sink", "state", "rank", "id"),
    Index("outbox_order", "sink", "ticket_id", "id"),
    Index("outbox_attempt", "sink", "state", "last_attempt_at", "created_at"),
    Index("outbox_state", "state", "id"),
)
"""The deliveries due to each sink, with the payload as it was when the ticket changed. A report
belongs to no ticket. The epoch is that of the owner of the sink who made the newest attempt."""

sink_links = Table(
    "sink_links",
    metadata,
    Column("sink", Text, primary_key=True),
    Column("ticket_id", Text, ForeignKey("tickets.id"), primary_key=True),
    Column("remote", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("intended_at", Float),
    Column("made_at", Float),
    Column("gone", Boolean, nullable=False, server_default=false()),
    Column("moved", Text, nullable=False, server_default=""),
    Column("told_at", Text, nullable=False, server_default=""),
    Column("heard_at", Float),
    Index("sink_links_remote", "sink", "remote"),
)
"""The id of each ticket in each ticket system; written before the ticket is made there."""

sink_callbacks = Table(
    "sink_callbacks",
    metadata,
    Column("sink", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("at", Float, nullable=False),
)
"""The callbacks of ticket systems that were applied, so that a repeat changes nothing."""

notifications = Table(
    "notifications",
    metadata,
    Column("sink", Text, primary_key=True),
    Column("delivery", Text, primary_key=True),
    Column("receiver", Text, primary_key=True),
    Column("ticket_id", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("attempted_at", Float, nullable=False),
    Column("settled_at", Float),
    Column("next_check_at", Float),
    Column("checks", Integer, nullable=False),
    Column("detail", Text, nullable=False),
    Index("notifications_ticket", "ticket_id", "attempted_at"),
    Index("notifications_check", "sink", "next_check_at"),
)
"""Messages and calls to people, a row for each receiver: who was told, and whether it arrived.
Receivers are named; their phones are in the configuration alone."""

ticket_notices = Table(
    "ticket_notices",
    metadata,
    Column("id", Text, primary_key=True),
    Column("ticket_id", Text, nullable=False),
    Column("delivery", Text, nullable=False),
    Column("sink", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("receiver", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("company", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("locale", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("at", Float, nullable=False),
    Index("ticket_notices_ticket", "ticket_id", "at"),
    Index("ticket_notices_at", "at"),
)
"""What customers, commanders and assignees are told of a ticket, a row for each; it is written with
the delivery that tells them, and its id keeps them from being told twice. No row holds a phone."""

external_alerts = Table(
    "external_alerts",
    metadata,
    Column("source", Text, primary_key=True),
    Column("fingerprint", Text, primary_key=True),
    Column("changed_at", Float, nullable=False),
    Column("document", LargeBinary, nullable=False),
)
"""The alerts of other systems, one row each, as last reported."""

complaints = Table(
    "complaints",
    metadata,
    Column("id", Text, primary_key=True),
    Column("number", Text, nullable=False),
    Column("caller", Text, nullable=False),
    Column("received_at", Float, nullable=False),
    Column("ticket_id", Text, nullable=False, server_default=""),
    Column("answered_at", Float),
    Column("document", LargeBinary, nullable=False),
    Column("who", Text, nullable=False, server_default=""),
    Column("erased_at", Float),
    Index("complaints_number", "number", "received_at"),
    Index("complaints_who", "who", "received_at"),
    Index("complaints_answered_at", "answered_at"),
    Index("complaints_received_at", "received_at", "id"),
    Index("complaints_ticket", "ticket_id"),
)
"""Complaints. Callers' numbers are unmasked here and nowhere else, so that they can be called
back; no document contains them. Since ``erased_at`` nothing of the row is about a person."""

evidence = Table(
    "evidence",
    metadata,
    Column("id", RowNumber, primary_key=True, autoincrement=True),
    Column("ticket_id", Text, ForeignKey("tickets.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("taken_at", Float, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Index("evidence_ticket", "ticket_id", "id"),
    Index("evidence_taken_at", "taken_at"),
)
"""The evidence collected when a ticket opened and when its fault was over, compressed; the digest
is of the content before compression."""

provider_pushes = Table(
    "provider_pushes",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("calls_only", Boolean, nullable=False),
    Column("received_at", Float, nullable=False),
    Column("facts", LargeBinary, nullable=False),
    Column("stored_at", Float, nullable=False, server_default="0"),
    Index("provider_pushes_received_at", "received_at"),
    Index("provider_pushes_stored_at", "stored_at"),
)
"""The messages that providers pushed, with the facts in them and nothing else of what was sent."""

audit = Table(
    "audit",
    metadata,
    Column("id", RowNumber, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("actor", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("address", Text, nullable=False),
    Index("audit_at", "at"),
)
"""Who was shown or did what only some may, when, from where and why. No row holds a phone."""

checklists = Table(
    "checklists",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("plan", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("due_at", Float, nullable=False),
    Column("closed_at", Float),
    Column("findings", Integer, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Index("checklists_due", "closed_at", "due_at"),
    Index("checklists_number", "number", "due_at"),
    Index("checklists_findings", "findings"),
)
"""Inspections and onboardings of numbers, with what the agent saw and people answered."""

purges = Table(
    "purges",
    metadata,
    Column("id", RowNumber, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("kind", Text, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("before", Float, nullable=False),
    Column("request", Text, nullable=False, server_default=""),
    Index("purges_at", "at"),
)
"""What was purged: how many rows of which kind, and older than when. Those that a person's request
deleted have the request's id; nothing here is about a person."""

lint_waivers = Table(
    "lint_waivers",
    metadata,
    Column("id", RowNumber, primary_key=True, autoincrement=True),
    Column("lint", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("written_at", Float, nullable=False),
    Column("until", Text, nullable=False),
    Column("withdrawn_by", Text, nullable=False, server_default=""),
    Index("lint_waivers_number", "number"),
)
"""Findings of lints that operators answer for, until a day (ISO 8601); rows are never deleted."""

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("expires_at", Float, nullable=False),
    Column("place", Text, nullable=False, server_default=""),
)
"""Who may act as what, until when by the clock of the database (:mod:`agent.store.leases`). The
place, a machine and a process, is for people alone. Of a ledger that one agent has, only the epochs
of its sinks are here (:mod:`agent.tickets.outbox.epochs`)."""

account_states = Table(
    "account_states",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("part", Text, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("written_at", Float, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Index("account_states_written_at", "written_at"),
)
"""What is known of each account, where replicas share a ledger: a row for each part that changes by
itself, with the epoch of the lease it was written under and the time of the database. One agent
writes none."""

poll_requests = Table(
    "poll_requests",
    metadata,
    Column("id", Text, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("requested_at", Float, nullable=False),
    Column("answer", LargeBinary),
    Index("poll_requests_requested_at", "requested_at"),
)
"""Polls that people have asked of a replica which does not poll the account, by the time of the
database; whoever polls it answers. Each stays for a few minutes."""
