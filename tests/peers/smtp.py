"""A mail server, aiosmtpd, that misbehaves for some recipients. Prints its port, then each message it took as a line of JSON.

later@…    asks to try later, the first time
refused@…  is nobody here
full@…     takes the recipient and refuses the message
cut@…      takes the message and goes away without a word, the first time

Use: smtp.py plain|starttls|wrapped|bare [CERT KEY] [USER PASSWORD]. `bare` speaks no TLS at all.
"""

import json
import socket
import ssl
import sys
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

mode, rest = sys.argv[1], sys.argv[2:]
cert, key, user, password = (rest + [None] * 4)[:4]
seen = set()


def first(address):
    """Whether this address is seen for the first time."""
    is_first = address not in seen
    seen.add(address)
    return is_first


def told(message, is_tls):
    parsed = message_from_bytes(message, policy=default)
    parts = {part.get_content_type(): part.get_content() for part in parsed.walk() if not part.is_multipart()}
    line = {
        "from": parsed["from"],
        "to": parsed["to"],
        "subject": str(make_header(decode_header(parsed["subject"]))),
        "id": parsed["message-id"],
        "auto": parsed["auto-submitted"],
        "headers": sorted({name.lower() for name in parsed.keys()}),
        "plain": parts.get("text/plain"),
        "html": parts.get("text/html"),
        "tls": is_tls,
    }
    print(json.dumps(line), flush=True)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused@"):
            return "550 5.1.1 no such person here"
        if address.startswith("later@") and first(address):
            return "451 4.3.0 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        to = envelope.rcpt_tos[0]
        if to.startswith("full@"):
            return "552 5.2.2 there is no room"
        told(envelope.content, session.ssl is not None or mode == "wrapped")
        if to.startswith("cut@") and first(to):
            server.transport.abort()
        return "250 OK"


def check(server, session, envelope, mechanism, data):
    is_known = data.login == user.encode() and data.password == password.encode()
    return AuthResult(success=is_known, handled=False)


tls = None
if cert is not None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(cert, key)
with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
known = {"hostname": "127.0.0.1", "port": port, "ready_timeout": 30}
if mode == "wrapped":
    known["ssl_context"] = tls
if mode == "starttls":
    known.update(tls_context=tls, require_starttls=True)
if user is not None:
    known.update(authenticator=check, auth_required=True, auth_require_tls=mode == "starttls")


server = Controller(Handler(), **known)
server.start()
print(json.dumps({"port": port}), flush=True)
sys.stdin.read()
