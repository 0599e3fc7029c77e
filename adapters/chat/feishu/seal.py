"""What makes a request of Feishu's webhook believable: its signature and its encryption.

Source: the page event-subscription-guide/…/encrypt-key-encryption-configuration-case of the open
platform. The key is SHA-256 of the encrypt key, the text base64 of 16 bytes IV and AES-256-CBC with
PKCS7; the signature is hex SHA-256 of timestamp, nonce, encrypt key and the body as it came.
"""

import base64
import binascii
import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

_BLOCK = 16


class Broken(ValueError):
    """It can't be decrypted with our key."""


def signature(timestamp: str, nonce: str, key: str, body: bytes) -> str:
    """The signature a request should carry."""
    return hashlib.sha256((timestamp + nonce + key).encode() + body).hexdigest()


def same(one: str, other: str) -> bool:
    """Compares secrets in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())


def decrypt(key: str, sealed: str) -> bytes:
    """What was encrypted. Raises Broken."""
    try:
        raw = base64.b64decode(sealed, validate=True)
    except (binascii.Error, ValueError):
        raise Broken("no base64") from None
    if len(raw) < 2 * _BLOCK or len(raw) % _BLOCK:
        raise Broken("no whole blocks")
    secret = hashlib.sha256(key.encode()).digest()
    opener = Cipher(algorithms.AES(secret), modes.CBC(raw[:_BLOCK])).decryptor()
    padded = opener.update(raw[_BLOCK:]) + opener.finalize()
    unpadder = PKCS7(_BLOCK * 8).unpadder()
    try:
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        raise Broken("padding") from None
