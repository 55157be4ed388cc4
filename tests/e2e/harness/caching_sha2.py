"""MySQL 8's login in front of a MariaDB, which does not support it.

The client proves the password by caching_sha2_password (MySQL's protocol, "Authentication Phase"). This proxy
then logs in to MariaDB by mysql_native_password, and copies bytes.
"""

import hashlib
import os
import socket
import ssl
import struct
import threading

from .process import free_port

_SSL, _PLUGIN_DATA_LENGTH = 1 << 11, 1 << 21
_NATIVE, _SHA2 = b"mysql_native_password\0", b"caching_sha2_password\0"
_FAST_AUTHENTICATION, _FULL_AUTHENTICATION = b"\x01\x03", b"\x01\x04"


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right))


def _hashed(name: str, *parts: bytes) -> bytes:
    return hashlib.new(name, b"".join(parts)).digest()


class _Packets:
    """One end of MySQL's protocol: payloads with sequence numbers."""

    def __init__(self, connection: socket.socket):
        self.connection = connection
        self._number = -1

    def _receive(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self.connection.recv(count - len(data))
            if not more:
                raise ConnectionError("the peer has closed")
            data += more
        return data

    def read(self) -> bytes:
        head = self._receive(4)
        self._number = head[3]
        return self._receive(int.from_bytes(head[:3], "little"))

    def write(self, payload: bytes):
        self._number += 1
        self.connection.sendall(len(payload).to_bytes(3, "little") + bytes([self._number]) + payload)


def _copy(source: socket.socket, sink: socket.socket):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class CachingSha2:
    """Listens on `port`. `user` and `password` are for both sides.

    `pair`: a certificate; with it the proxy accepts only TLS connections, and uses TLS for MariaDB as well.
    `cached`: whether the server has the password's hash, so that the scramble suffices.
    `plugin`: the plugin of the account; MySQL 8 proposes caching_sha2_password in its greeting anyway.
    """

    def __init__(self, database, user: str, password: str, pair=None, cached: bool = True,
                 plugin: bytes = _SHA2):
        self._database, self._user, self._password = database, user, password.encode()
        self._cached, self._plugin = cached, plugin
        self._tls = None
        if pair:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(pair.certificate, pair.key)
            self._unverified = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            self._unverified.check_hostname, self._unverified.verify_mode = False, ssl.CERT_NONE
        self.port = free_port()
        self.logins = 0
        self.received = []  # bytes of clients after their first packet, until their login succeeded
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            client, _ = self._listener.accept()
            threading.Thread(target=self._relay, args=(client,), daemon=True).start()

    def _relay(self, plain: socket.socket):
        try:
            with socket.create_connection(("127.0.0.1", self._database.port)) as server:
                self._converse(_Packets(plain), _Packets(server))
        except OSError:
            pass  # a client that refuses the server closes the connection
        finally:
            plain.close()

    def _converse(self, client: _Packets, server: _Packets):
        greeting = server.read()
        version_end = greeting.index(0, 1) + 1
        nonce = greeting[version_end + 4:version_end + 12] + greeting[-len(_NATIVE) - 13:-len(_NATIVE) - 1]
        client.write(self._greeting(greeting, version_end))
        answer = client.read()
        if self._tls:
            client.connection = self._tls.wrap_socket(client.connection, server_side=True)
            server.write(answer)  # MySQL's request for TLS
            server.connection = self._unverified.wrap_socket(server.connection)
            answer = client.read()
        if not self._knows_the_password(client):
            client.write(b"\xff" + struct.pack("<H", 1045) + b"#28000no")
            return
        server.write(self._answer(answer, nonce))
        good = server.read()
        assert good[0] == 0, good
        self.logins += 1
        client.write(good)
        back = threading.Thread(target=_copy, args=(server.connection, client.connection), daemon=True)
        back.start()
        _copy(client.connection, server.connection)
        back.join()

    def _greeting(self, greeting: bytes, version_end: int) -> bytes:
        at = version_end + 4 + 8 + 1
        low = struct.unpack_from("<H", greeting, at)[0] & ~_SSL | (_SSL if self._tls else 0)
        return (greeting[:at] + struct.pack("<H", low) + greeting[at + 2:-len(_NATIVE)] + _SHA2)

    def _read(self, client: _Packets) -> bytes:
        self.received.append(client.read())
        return self.received[-1]

    def _knows_the_password(self, client: _Packets) -> bool:
        nonce = bytes(1 + byte % 127 for byte in os.urandom(20))
        client.write(b"\xfe" + self._plugin + nonce + b"\0")
        scramble = self._read(client)
        if self._plugin == _NATIVE:
            once = _hashed("sha1", self._password)
            return scramble == _xor(once, _hashed("sha1", nonce, _hashed("sha1", once)))
        if not self._cached:
            client.write(_FULL_AUTHENTICATION)
            return self._read(client) == self._password + b"\0"
        once = _hashed("sha256", self._password)
        if scramble != _xor(once, _hashed("sha256", _hashed("sha256", once), nonce)):
            return False
        client.write(_FAST_AUTHENTICATION)
        return True

    def _answer(self, answer: bytes, nonce: bytes) -> bytes:
        """The client's answer to the greeting, with this proxy's proof for MariaDB."""
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
