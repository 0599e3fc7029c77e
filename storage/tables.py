"""What is remembered, as tables. SQLModel gives schema and migrations; the hot path writes below
it.

Moments are text in UTC of one fixed length, so that text order is time order on both engines. JSON
stands in text columns:
it is always read and written whole.
"""

from sqlmodel import Field, Index, SQLModel, UniqueConstraint, text


class Inbox(SQLModel, table=True):
    """Every message that was acknowledged. Unique by platform, account and message id: that is the
    dedupe. `holder` is the process that took it in and handles it.
    """

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("platform", "account", "message_id", name="inbox_message"),
        Index("inbox_waiting", "state", "id"),
        Index("inbox_chat", "platform", "chat", "at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    platform: str
    account: str
    message_id: str
    chat: str
    sender: str
    at: str
    payload: str
    state: str = "waiting"
    outcome: str = ""
    handled_at: str = ""
    holder: str = Field(default="", sa_column_kwargs={"server_default": ""})


class EventRow(SQLModel, table=True):
    """The event log, append-only; `hash` chains the events of one order."""

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("order_no", "seq", name="event_order_seq"),
        Index("event_recorded", "recorded_at"),
        Index("event_source", "source_platform", "source_chat", "source_message"),
    )
    id: int | None = Field(default=None, primary_key=True)
    order_no: str
    seq: int
    type: str
    node: str
    by: str
    on_behalf: bool = False
    occurred_at: str
    recorded_at: str
    source_platform: str = ""
    source_chat: str = ""
    source_message: str = ""
    data: str
    hash: str


class OrderRow(SQLModel, table=True):
    """An order as it stands: the fold of its events, kept so that nothing has to be folded to be
    read.
    """

    __tablename__ = "orders"
    __table_args__ = (
        Index("orders_open", "open", "due"),
        Index("orders_touched", "open", "updated_at"),
        Index("orders_customer", "customer"),
    )
    order_no: str = Field(primary_key=True)
    customer: str
    product: str
    due: str
    open: bool
    seq: int
    head: str
    route: str
    route_version: int
    updated_at: str
    doc: str


class Subscription(SQLModel, table=True):
    """Who follows which order or node (an empty node: the whole order). Projected from the
    events.
    """

    __tablename__ = "subscription"
    __table_args__ = (Index("subscription_who", "who"),)
    order_no: str = Field(primary_key=True)
    node: str = Field(primary_key=True)
    who: str = Field(primary_key=True)


class RouteRow(SQLModel, table=True):
    """Every version of every route; running orders keep the version they began with."""

    __tablename__ = "route"
    key: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    doc: str


class PersonRow(SQLModel, table=True):
    """Staff, customers and suppliers."""

    __tablename__ = "person"
    id: str = Field(primary_key=True)
    name: str
    role: str
    title: str = ""
    nodes: str = "[]"
    language: str = "zh-CN"


class AddressRow(SQLModel, table=True):
    """Where people are: the user's id on a platform and the chat in which they are reached in
    private.
    """

    __tablename__ = "address"
    platform: str = Field(primary_key=True)
    account: str = Field(primary_key=True)
    user: str = Field(primary_key=True)
    person: str = Field(index=True)
    chat: str = ""


class GroupRow(SQLModel, table=True):
    """Chats that several people read, and what each is for."""

    __tablename__ = "chat_group"
    platform: str = Field(primary_key=True)
    account: str = Field(primary_key=True)
    chat: str = Field(primary_key=True)
    kind: str
    title: str = ""
    language: str = "zh-CN"
    members: str = "[]"


class Outbox(SQLModel, table=True):
    """What has to be told. Claimed under a lease, acknowledged with a fencing token, in order per
    recipient.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("key", name="outbox_key"),
        Index("outbox_due", "state", "not_before", "id"),
        Index("outbox_recipient", "platform", "account", "chat", "state", "id"),
        Index(
            "outbox_bundle",
            "platform",
            "account",
            "chat",
            "bundle",
            "id",
            sqlite_where=text("bundle != ''"),
            postgresql_where=text("bundle != ''"),
        ),
        Index(
            "outbox_slot",
            "platform",
            "account",
            "chat",
            "slot",
            "state",
            sqlite_where=text("slot != ''"),
            postgresql_where=text("slot != ''"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    key: str
    platform: str
    account: str
    chat: str
    kind: str
    what: str
    facts: str
    language: str
    loud: int
    reader: str
    reply_to: str
    slot: str
    bundle: str
    causes: str
    created_at: str
    not_before: str
    state: str = "waiting"
    attempts: int = 0
    token: int = 0
    lease_until: str = ""
    sent_at: str = ""
    message_id: str = ""
    error: str = ""
    retry_at: float = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    buttons: str = Field(default="", sa_column_kwargs={"server_default": ""})


class OutboxCause(SQLModel, table=True):
    """Which notices tell about which event, so that an undo finds them."""

    __tablename__ = "outbox_cause"
    cause: str = Field(primary_key=True)
    outbox_id: int = Field(primary_key=True)


class Slot(SQLModel, table=True):
    """Messages of ours that are edited in place: their slot and the platform's message id."""

    __tablename__ = "slot"
    platform: str = Field(primary_key=True)
    account: str = Field(primary_key=True)
    chat: str = Field(primary_key=True)
    slot: str = Field(primary_key=True)
    message_id: str


class AlertRow(SQLModel, table=True):
    """Items that somebody has to take."""

    __tablename__ = "alert"
    __table_args__ = (
        Index("alert_state", "state", "raised_at"),
        Index("alert_order", "order_no", "raised_at", "id"),
        Index("alert_told_as", "told_as"),
        Index(
            "alert_standing",
            "raised_at",
            "id",
            sqlite_where=text("state != 'resolved'"),
            postgresql_where=text("state != 'resolved'"),
        ),
    )
    id: str = Field(primary_key=True)
    order_no: str
    node: str
    reason: str
    text: str
    raised_at: str
    raised_by: str
    state: str
    taken_by: str = ""
    taken_at: str = ""
    more: str = Field(default="{}", sa_column_kwargs={"server_default": "{}"})
    told_as: str = Field(default="", sa_column_kwargs={"server_default": ""})


class Timer(SQLModel, table=True):
    """What the clock has to look at, and when: one row a kind and scope, moved as things change."""

    __tablename__ = "timer"
    __table_args__ = (Index("timer_at", "at"),)
    kind: str = Field(primary_key=True)
    scope: str = Field(primary_key=True)
    at: str


class Question(SQLModel, table=True):
    """What was asked of a person and not answered yet: one open question a person and chat."""

    __tablename__ = "question"
    __table_args__ = (
        Index("question_open", "platform", "chat", "person", "state"),
        Index("question_expiry", "state", "expires_at"),
        Index("question_person", "person", "state"),
    )
    id: str = Field(primary_key=True)
    platform: str
    account: str
    chat: str
    person: str
    asked_at: str
    expires_at: str
    doc: str
    state: str = "open"
    message_id: str = ""


class PhotoRow(SQLModel, table=True):
    """Pictures and videos by the hash of the bytes received, and where their cleaned copies lie."""

    __tablename__ = "photo"
    digest: str = Field(primary_key=True)
    key: str
    thumb: str
    kind: str
    media: str
    width: int
    height: int
    bytes: int
    likeness: str
    taken_at: str = ""
    codes: str = "[]"
    fault: str = ""


class Link(SQLModel, table=True):
    """Tokened links, by the hash of their token. A higher generation replaces those before it."""

    __tablename__ = "link"
    __table_args__ = (Index("link_subject", "kind", "subject", "reader"),)
    hash: str = Field(primary_key=True)
    kind: str
    subject: str
    reader: str = ""
    generation: int = 1
    created_at: str = ""
    expires_at: str = ""
    revoked_at: str = ""


class Setting(SQLModel, table=True):
    """Small facts about this factory that are changed while it runs."""

    __tablename__ = "setting"
    key: str = Field(primary_key=True)
    value: str


class ScheduleRun(SQLModel, table=True):
    """What the clock has caused: unique, so that any number of processes may tick."""

    __tablename__ = "schedule_run"
    kind: str = Field(primary_key=True)
    scope: str = Field(primary_key=True)
    fire_at: str = Field(primary_key=True)
    ran_at: str


class Bucket(SQLModel, table=True):
    """What has gone out lately, per platform and per chat, for the platforms' limits; shared by all
    processes. `hold_until` is the moment (seconds since 1970) before which the platform wants none.
    """

    __tablename__ = "bucket"
    name: str = Field(primary_key=True)
    doc: str
    hold_until: float = 0


class Transcript(SQLModel, table=True):
    """What was said in the sandbox, in the order of its last change."""

    __tablename__ = "transcript"
    __table_args__ = (
        Index("transcript_chat", "chat", "changed"),
        Index("transcript_message", "message_id"),
    )
    chat: str = Field(primary_key=True)
    message_id: str = Field(primary_key=True)
    changed: int
    position: int
    doc: str


class NeedRow(SQLModel, table=True):
    """What a supplier owes an order, projected from the order's events."""

    __tablename__ = "need"
    __table_args__ = (Index("need_supplier", "supplier", "state", "needed_by"),)
    order_no: str = Field(primary_key=True)
    need: str = Field(primary_key=True)
    supplier: str
    state: str
    needed_by: str
    doc: str
