"""The mail catcher: an SMTP server on this machine that keeps each letter as a file, for the console's /mail/ to show.

`bounce…@` is refused for good and `defer…@` for now, so that both can be seen to work.
"""

import argparse
import asyncio
import logging
import os
import secrets
import time
from email import message_from_bytes
from email.policy import SMTP as SMTP_POLICY
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

LARGEST = 2 * 1024 * 1024  # bytes


class Catcher:
    """aiosmtpd's handler. Says nothing on any channel: an envelope is addresses."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        if address.startswith("bounce"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("defer"):
            return "451 4.3.0 not now"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        head = f"X-MailFrom: {envelope.mail_from}\r\n".encode()
        head += b"".join(f"X-RcptTo: {recipient}\r\n".encode() for recipient in envelope.rcpt_tos)
        name = f"{time.time_ns()}-{secrets.token_hex(4)}.eml"
        draft = self.directory / f".{name}"
        draft.write_bytes(head + content)
        os.rename(draft, self.directory / name)  # whole or not at all
        return "250 kept"


def mails(directory: Path) -> list[Path]:
    """The files, oldest first."""
    return sorted(directory.glob("[!.]*.eml"))  # not the drafts


def recipients(path: Path) -> list[str]:
    return message_from_bytes(path.read_bytes(), policy=SMTP_POLICY).get_all("X-RcptTo", [])


async def serve(port: int, directory: Path) -> None:
    catcher = Catcher(directory)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(catcher, hostname="catcher", data_size_limit=LARGEST, enable_SMTPUTF8=True), "127.0.0.1", port
    )
    async with server:
        await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--dir", type=Path, required=True)
    options = parser.parse_args()
    logging.disable()  # aiosmtpd's words quote envelopes
    asyncio.run(serve(options.port, options.dir))


if __name__ == "__main__":
    main()
