"""WeCom's two ciphers: the envelope of callbacks (WXBizMsgCrypt) and the lock on the smart bot's
media. Sources: developer.work.weixin.qq.com path/90968 (envelope) and path/101463 (media).
"""

import base64
import binascii
import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32


class Unsealed(Exception):
    """A cipher text that cannot be opened with our key, or was not meant for us."""


class Envelope:
    """The envelope of callbacks: AES-256-CBC with IV = key[:16] around 16 random bytes, the
    length (4 bytes, big-endian), the message and the receiver's id, padded to 32 bytes.
    """

    def __init__(self, token: str, aes_key: str, receiver: str) -> None:
        self._token, self._receiver = token, receiver.encode()
        self._key = key_of(aes_key)

    def genuine(self, signature: str, timestamp: str, nonce: str, sealed: str) -> bool:
        """Whether sha1(sorted(token, timestamp, nonce, sealed)) is the signature."""
        parts = "".join(sorted((self._token, timestamp, nonce, sealed)))
        wanted = hashlib.sha1(parts.encode(), usedforsecurity=False).hexdigest()
        return hmac.compare_digest(wanted.encode(), signature.lower().encode())

    def open(self, sealed: str) -> bytes:
        """The message. Raises Unsealed."""
        try:
            locked = base64.b64decode(sealed.encode(), validate=True)
            decryptor = Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16])).decryptor()
            plain = unpadded(decryptor.update(locked) + decryptor.finalize())
        except (ValueError, binascii.Error) as error:
            raise Unsealed("broken") from error
        size = int.from_bytes(plain[16:20], "big")
        message, receiver = plain[20 : 20 + size], plain[20 + size :]
        if len(message) != size or not hmac.compare_digest(receiver, self._receiver):
            raise Unsealed("not for us")
        return message


def key_of(aes_key: str) -> bytes:
    """The 32 bytes of an EncodingAESKey. Raises ValueError unless it is 43 characters of base64."""
    if len(aes_key) != 43:
        raise ValueError("the WeCom EncodingAESKey must have exactly 43 characters")
    try:
        return base64.b64decode(aes_key.encode() + b"=", validate=True)
    except (ValueError, binascii.Error) as error:
        raise ValueError("the WeCom EncodingAESKey is not base64") from error


def unpadded(plain: bytes) -> bytes:
    """Without PKCS7 padding to 32 bytes. Raises ValueError."""
    size = plain[-1] if plain else 0
    if not 1 <= size <= BLOCK or plain[-size:] != bytes([size]) * size:
        raise ValueError("wrong padding")
    return plain[:-size]


class Unlocking:
    """Opens a media file piece by piece: AES-256-CBC, IV = key[:16], PKCS7 to 32 bytes. Raises
    ValueError when the key or the file is broken.
    """

    def __init__(self, aeskey: str) -> None:
        try:
            key = base64.b64decode(aeskey + "=" * (-len(aeskey) % 4), validate=True)
        except binascii.Error as error:
            raise ValueError("the media key is not base64") from error
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
        self._held = b""

    def feed(self, piece: bytes) -> bytes:
        """What is sure not to be padding."""
        self._held += self._cipher.update(piece)
        ready, self._held = self._held[:-BLOCK], self._held[-BLOCK:]
        return ready

    def end(self) -> bytes:
        """The rest, without the padding."""
        return unpadded(self._held + self._cipher.finalize())
