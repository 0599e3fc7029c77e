"""What several processes on the same books agree upon."""

from sqlmodel import Field, SQLModel


class Lease(SQLModel, table=True):
    """Who holds what only one process may: a platform's connection, the clock. `term` grows with
    every new holder, so that an old one that slept can be told from it; `until` is the moment, by
    the database's clock in seconds since 1970, from which on somebody else may take it.
    """

    __tablename__ = "lease"
    name: str = Field(primary_key=True)
    holder: str
    term: int
    until: float


class Pulse(SQLModel, table=True):
    """Counts the changes of what every process remembers: people, groups, routes, keys, rules."""

    __tablename__ = "pulse"
    name: str = Field(primary_key=True)
    count: int
