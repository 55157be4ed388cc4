"""MySQL 8's own way to log in, in front of a MariaDB, which does not speak it.

The client shows that it knows the password by caching_sha2_password (MySQL's protocol, "Authentication
Phase"); we then log in to MariaDB by mysql_native_password, and copy bytes.
"""

import hashlib
import os
import socket
import struct
import threading

from .process import free_port

_SSL, _PLUGIN_DATA_LENGTH = 1 << 11, 1 << 21
_NATIVE, _SHA2 = b"mysql_native_password\0", b"caching_sha2_password\0"


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right))


def _hashed(name: str, *parts: bytes) -> bytes:
    return hashlib.new(name, b"".join(parts)).digest()


def _receive(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise ConnectionError("the peer has closed")
        data += more
    return data


def _read(connection: socket.socket) -> bytes:
    """The payload of one packet."""
    head = _receive(connection, 4)
    return _receive(connection, int.from_bytes(head[:3], "little"))


def _write(connection: socket.socket, number: int, payload: bytes):
    connection.sendall(len(payload).to_bytes(3, "little") + bytes([number]) + payload)


def _copy(source: socket.socket, sink: socket.socket):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class CachingSha2:
    """Listens on `port`. `user` and `password` are for both sides."""

    def __init__(self, database, user: str, password: str):
        self._database, self._user, self._password = database, user, password.encode()
        self.port = free_port()
        self.logins = 0
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            client, _ = self._listener.accept()
            threading.Thread(target=self._relay, args=(client,), daemon=True).start()

    def _relay(self, client: socket.socket):
        with client, socket.create_connection(("127.0.0.1", self._database.port)) as server:
            greeting = _read(server)
            version_end = greeting.index(0, 1) + 1
            nonce = greeting[version_end + 4:version_end + 12] + greeting[-len(_NATIVE) - 13:-len(_NATIVE) - 1]
            _write(client, 0, self._without_tls(greeting, version_end))
            answer = _read(client)
            if not self._knows_the_password(client):
                _write(client, 4, b"\xff" + struct.pack("<H", 1045) + b"#28000no")
                return
            _write(server, 1, self._answer(answer, nonce))
            good = _read(server)
            assert good[0] == 0, good
            self.logins += 1
            _write(client, 4, b"\x01\x03")
            _write(client, 5, good)
            back = threading.Thread(target=_copy, args=(server, client), daemon=True)
            back.start()
            _copy(client, server)
            back.join()

    @staticmethod
    def _without_tls(greeting: bytes, version_end: int) -> bytes:
        at = version_end + 4 + 8 + 1
        low = struct.unpack_from("<H", greeting, at)[0] & ~_SSL
        return greeting[:at] + struct.pack("<H", low) + greeting[at + 2:]

    def _knows_the_password(self, client: socket.socket) -> bool:
        nonce = bytes(1 + byte % 127 for byte in os.urandom(20))
        _write(client, 2, b"\xfe" + _SHA2 + nonce + b"\0")
        once = _hashed("sha256", self._password)
        return _read(client) == _xor(once, _hashed("sha256", _hashed("sha256", once), nonce))

    def _answer(self, answer: bytes, nonce: bytes) -> bytes:
        """The client's answer to the greeting, with our own proof for MariaDB in it."""
        capabilities = struct.unpack_from("<I", answer)[0]
        assert not capabilities & _PLUGIN_DATA_LENGTH or answer[32:].count(0)
        user_end = answer.index(0, 32) + 1
        rest = answer[user_end + 1 + answer[user_end]:]
        database_end = rest.index(0) + 1
        attributes = rest[rest.index(0, database_end) + 1:]
        once = _hashed("sha1", self._password)
        proof = _xor(once, _hashed("sha1", nonce, _hashed("sha1", once)))
        return (answer[:32] + self._user.encode() + b"\0" + bytes([len(proof)]) + proof
                + rest[:database_end] + _NATIVE + attributes)

    def stop(self):
        self._listener.close()
