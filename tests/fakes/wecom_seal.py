"""The platform's side of WeCom's ciphers, written after the documentation, not after our code."""

import base64
import hashlib
import os
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def _encrypt(key: bytes, plain: bytes) -> bytes:
    size = 32 - len(plain) % 32
    worker = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return worker.update(plain + bytes([size]) * size) + worker.finalize()


def seal(aes_key: str, receiver: str, message: bytes) -> str:
    """A message in the envelope of callbacks."""
    key = base64.b64decode(aes_key + "=")
    framed = os.urandom(16) + struct.pack(">I", len(message)) + message + receiver.encode()
    return base64.b64encode(_encrypt(key, framed)).decode()


def sign(token: str, timestamp: str, nonce: str, sealed: str) -> str:
    """A callback's signature."""
    return hashlib.sha1("".join(sorted([token, timestamp, nonce, sealed])).encode()).hexdigest()


def lock(plain: bytes) -> tuple[bytes, str]:
    """A media file under a key of its own, and the key."""
    key = os.urandom(32)
    return _encrypt(key, plain), base64.b64encode(key).decode()
