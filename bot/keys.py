"""The keys under which a database's data keys lie: from the settings, else derived from the
factory's secret.
"""

from bot.settings import Settings, secret_key
from storage.secrets import Master, beside, masters


def master_keys(settings: Settings) -> tuple[Master, ...]:
    """The one that seals first: `VITRINE_ENCRYPTION_KEY`'s first part, its older parts, and always
    the one derived from the secret key, so that a factory that sets a key of its own still opens
    what it sealed before.
    """
    return masters([*_given(settings), secret_key(settings)])


def carried(settings: Settings) -> tuple[Master, ...]:
    """The same without making a secret key where there is none: for restoring into an empty
    folder.
    """
    own = [settings.secret_key.encode()] if settings.secret_key else []
    return masters([*_given(settings), *own])


def present(settings: Settings) -> tuple[Master, ...]:
    """The keys that are there, without making one: for commands that only look."""
    return (*carried(settings), *beside(settings.data_dir))


def _given(settings: Settings) -> list[bytes]:
    return [part.encode() for part in settings.encryption_keys]
