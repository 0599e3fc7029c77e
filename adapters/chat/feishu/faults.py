"""What Feishu's error codes mean to us. Source: the error tables of the pages im-v1/message/create,
reply, patch, message-reaction, message-resource and api-call-guide/generic-error-code and
frequency-control of the open platform.
"""

from adapters.chat.port import CannotEdit, SendError

TOKEN = frozenset({99991661, 99991663, 99991664, 99991665, 99991668, 99991671})
THROTTLED = 99991400
CHAT_THROTTLED = 230020
BEING_SENT = 230049
BAD_CARD = 230099
SCOPE = frozenset({99991672, 99991679})
SHUT = frozenset(
    {
        230002,  # the bot is not in the group
        230013,  # the user is outside the app's availability
        230034,  # no such receiver
        230053,  # the user has muted the bot
        232009,  # the chat is dissolved
    }
)
PERMANENT = frozenset(
    {
        230001,  # a parameter is wrong
        230022,  # sensitive words
        230025,  # too long
        230027,  # not allowed here, or an external chat
        230028,  # the tenant's data rules forbid it
        230035,  # the group does not let us speak
        230054,  # not with this type of message
        230055,  # the content is of another type
        BAD_CARD,
        231001,  # no such reaction
        231017,  # nobody can react to this type
    }
)
GONE = frozenset(
    {
        230011,  # withdrawn
        230019,  # the topic is gone
        230050,  # invisible to us
        230110,  # deleted
        231003,  # never was
    }
)
UNEDITABLE = frozenset(
    {
        230031,  # older than 14 days
        230072,  # edited too often
        230075,  # too late to edit
    }
)
ANOTHER_TYPE = frozenset({230001, 230054, 230055})
BOT_OFF = frozenset({11205, 230006})
FORBIDDEN_MEDIA = SCOPE | {230002, 230027, 234002, 234009}


class Fault(Exception):
    """A call that did not work. `code` is Feishu's, 0 if none came; `status` is HTTP's, 0 if there
    was no answer. `wait` is what the platform asked for, in seconds. `refused`: our credentials
    are wrong. `hint` is the platform's own sentence: for matching, never for a log.
    """

    def __init__(
        self,
        what: str,
        *,
        code: int = 0,
        status: int = 0,
        wait: float | None = None,
        refused: bool = False,
        hint: str = "",
    ) -> None:
        super().__init__(f"{what} (code {code}, status {status})" if code or status else what)
        self.code, self.status, self.wait = code, status, wait
        self.refused, self.hint = refused, hint

    @property
    def throttled(self) -> bool:
        """Whether the whole app was told to wait."""
        return self.code == THROTTLED or self.status == 429

    @property
    def passing(self) -> bool:
        """Whether it may work in a moment."""
        return not self.code or self.throttled or self.status >= 500

    @property
    def parent_gone(self) -> bool:
        """Whether the message that was answered is not there any more."""
        lost = self.code == 230001 and "message_id" in self.hint
        return self.code in GONE or lost


def sending(fault: Fault) -> SendError:
    """What a fault means for a message: an answer that never came is no more than a second try,
    because Feishu knows the second by its uuid.
    """
    reason = f"feishu: {fault}"
    if fault.refused:
        return SendError(reason, retry_after=60.0, everywhere=True)
    if fault.code == CHAT_THROTTLED:
        return SendError(reason, retry_after=fault.wait or 1.0)
    if fault.throttled:
        return SendError(reason, retry_after=fault.wait or 1.0, everywhere=True)
    if fault.code == BEING_SENT:
        return SendError(reason, retry_after=2.0)
    if fault.code in SCOPE or fault.code in BOT_OFF:
        # somebody has to turn a switch; until then nothing goes through, and nothing is lost
        return SendError(reason, retry_after=300.0, everywhere=True)
    if fault.code in SHUT:
        return SendError(reason, shut=True)
    if fault.code in PERMANENT or fault.code in GONE:
        return SendError(reason, permanent=True)
    return SendError(reason)


def editing(fault: Fault) -> SendError:
    """What a fault means for a change of a message."""
    if fault.code in GONE | UNEDITABLE | ANOTHER_TYPE | SHUT | {BAD_CARD}:
        return CannotEdit(f"feishu: {fault}", permanent=True)
    return sending(fault)
