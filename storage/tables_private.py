"""Tables of what is private: ways in, looks at personal data, sealed values and their keys."""

from sqlmodel import Field, Index, SQLModel


class Access(SQLModel, table=True):
    """What lets somebody in, by the hash of its secret: one-time sign-in links, sessions, API
    tokens, kiosks. Empty stamps: not yet, never.
    """

    __tablename__ = "access"
    __table_args__ = (Index("access_person", "person", "kind"),)
    hash: str = Field(primary_key=True)
    kind: str
    person: str
    label: str = ""
    created_at: str
    expires_at: str = ""
    used_at: str = ""
    revoked_at: str = ""


class Look(SQLModel, table=True):
    """Who looked at whose personal data, when, and where."""

    __tablename__ = "look"
    __table_args__ = (Index("look_subject", "subject", "at"),)
    id: int | None = Field(default=None, primary_key=True)
    at: str
    who: str
    what: str
    subject: str


class Secret(SQLModel, table=True):
    """Personal and commercial facts that are kept sealed: whose (`person/C05`, `order/A102`), which
    field, and the sealed value with the id of its key.
    """

    __tablename__ = "secret"
    owner: str = Field(primary_key=True)
    field: str = Field(primary_key=True)
    value: str


class DataKey(SQLModel, table=True):
    """Keys that seal, themselves sealed by the factory's key: one a customer, so that erasing a
    customer is forgetting a key; one for all else.
    """

    __tablename__ = "data_key"
    id: str = Field(primary_key=True)
    owner: str = Field(index=True)
    wrapped: str
    created_at: str
    retired_at: str = ""
