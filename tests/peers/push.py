"""What a browser and its maker's service do with a message, by http-ece and cryptography: takes it over TLS, checks who signed it, opens it.

Prints its port and a browser's keys, then each message as a line of JSON. The first part of the path says what it answers:
ok (201), gone (410), missing (404), later (429 with Retry-After, the first time), wrong (403), away (moves to another address).

Use: push.py CERT KEY
"""

import base64
import json
import os
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import http_ece
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


private = ec.generate_private_key(ec.SECP256R1())
point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
auth = os.urandom(16)
seen = set()


def who(authorization):
    """The claims of a token and its key, after its signature was checked."""
    kind, fields = authorization.split(" ", 1)
    fields = dict(part.strip().split("=", 1) for part in fields.split(","))
    head, claims, signature = fields["t"].split(".")
    raw = decoded(signature)
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(fields["k"]))
    numbers = (int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key.verify(encode_dss_signature(*numbers), f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    return {"kind": kind, "head": json.loads(decoded(head)), "claims": json.loads(decoded(claims)), "key": fields["k"]}


class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        text = http_ece.decrypt(body, private_key=private, auth_secret=auth, version="aes128gcm")
        headers = {name.lower(): value for name, value in self.headers.items()}
        line = {"path": self.path, "headers": headers, "bytes": len(body), "who": who(self.headers["authorization"]), "text": json.loads(text)}
        print(json.dumps(line), flush=True)
        does = self.path.split("/")[1]
        again = self.path in seen
        seen.add(self.path)
        status = {"ok": 201, "gone": 410, "missing": 404, "later": 201 if again else 429, "wrong": 403, "away": 307}[does]
        self.send_response(status)
        if status == 429:
            self.send_header("retry-after", "90")
        if status == 307:
            self.send_header("location", "/ok/elsewhere")
        self.send_header("content-length", "0")
        self.end_headers()


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"port": server.server_address[1], "p256dh": encoded(point), "auth": encoded(auth)}), flush=True)
sys.stdin.read()
