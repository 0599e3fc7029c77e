"""Pictures for the smart bot: uploaded over the long connection in pieces of 512 KB, which makes a
media id that lives for three days.
"""

import asyncio
import base64
import hashlib

from adapters.chat.port import SendError
from adapters.chat.wecom.codes import code_of, fault
from adapters.chat.wecom.hearing import word
from adapters.chat.wecom.socket import Frame, Socket

PIECE = 512 * 1024
LARGEST = 10 * 1024 * 1024


async def upload(socket: Socket, picture: bytes) -> str:
    """The media id of a picture. Raises SendError."""
    if not 5 < len(picture) <= LARGEST:
        raise SendError("wecom upload: the picture's size", permanent=True)
    pieces = range(0, len(picture), PIECE)
    digest = await asyncio.to_thread(
        lambda: hashlib.md5(picture, usedforsecurity=False).hexdigest()
    )
    begun = await _step(
        socket,
        "init",
        {
            "type": "image",
            "filename": "vitrine.png",
            "total_size": len(picture),
            "total_chunks": len(pieces),
            "md5": digest,
        },
    )
    upload_id = _found(begun, "upload_id")
    for index, start in enumerate(pieces):
        data = base64.b64encode(picture[start : start + PIECE]).decode()
        piece = {"upload_id": upload_id, "chunk_index": index, "base64_data": data}
        await _step(socket, "chunk", piece)
    return _found(await _step(socket, "finish", {"upload_id": upload_id}), "media_id")


async def _step(socket: Socket, name: str, body: dict[str, object]) -> Frame:
    answer = await socket.ask(f"aibot_upload_media_{name}", body)
    if code := code_of(answer):
        raise fault(code, f"upload {name}")
    return answer


def _found(answer: Frame, name: str) -> str:
    body = answer.get("body")
    found = word(body.get(name)) if isinstance(body, dict) else ""
    if not found:
        raise SendError(f"wecom upload: no {name}")
    return found
