"""What can go wrong, as a tree.

DomainError            a polite sentence to the person; `code` names it, `facts` fill it in; wording
writes it
├── Refused            a command that the order, the plan or the person's rights do not allow
├── NotFound           an order, node, person or photo that is not there
├── RouteFault         a route that cannot be worked
├── SheetFault         a table of orders that cannot be read
├── PhotoFault         a picture that is none, is too large or is broken
└── BackupFault        a backup that cannot be made or is not fit to be restored
Anything else is an alarm with the id of the message that caused it.
"""


class DomainError(Exception):
    """A refusal that a person should hear about: a stable code and the facts of the case."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code, facts)
        self.code = code
        self.facts = facts

    def __str__(self) -> str:
        facts = ", ".join(f"{k}={v!r}" for k, v in self.facts.items())
        return f"{self.code}({facts})"


class Refused(DomainError):
    """The command cannot be done as the order stands, or not by this person."""


class NotFound(DomainError):
    """Something named is not there."""


class RouteFault(DomainError):
    """A route that cannot be worked."""


class SheetFault(DomainError):
    """A table of orders that cannot be read."""


class PhotoFault(DomainError):
    """A picture that is none, is too large or is broken."""


class BackupFault(DomainError):
    """A backup that cannot be made, or a file that is not fit to be restored."""
