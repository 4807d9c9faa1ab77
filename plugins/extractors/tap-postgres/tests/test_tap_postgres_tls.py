from __future__ import annotations

import select
import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST = "127.0.0.1"
_SSL_REQUEST = (80877103).to_bytes(4, "big")
_CHUNK = 1 << 14
SETTING = "SHOP_URL"


@contextmanager
def proxy(server_port: int, context: ssl.SSLContext) -> Iterator[int]:
    """TLS before the embedded server, which has none: answer SSLRequest, then pass all on.

    Args:
        server_port: The server's, on loopback.
        context: With the certificate to show.

    Yields:
        The port to connect to.
    """
    with socket.create_server((HOST, 0)) as listener:
        threading.Thread(target=_accept, args=(listener, server_port, context), daemon=True).start()
        yield listener.getsockname()[1]


def _accept(listener: socket.socket, server_port: int, context: ssl.SSLContext) -> None:
    with suppress(OSError):  # the listener is closed
        while True:
            client, _ = listener.accept()
            threading.Thread(
                target=_serve, args=(client, server_port, context), daemon=True
            ).start()


def _serve(client: socket.socket, server_port: int, context: ssl.SSLContext) -> None:
    with suppress(OSError), socket.create_connection((HOST, server_port)) as server, client:
        if client.recv(8)[4:] != _SSL_REQUEST:
            return
        client.sendall(b"S")
        with context.wrap_socket(client, server_side=True) as secured:
            while True:
                readable, _, _ = select.select([secured, server], [], [])
                if server in readable:
                    if not (data := server.recv(_CHUNK)):
                        return
                    secured.sendall(data)
                if secured in readable:
                    if not (data := secured.recv(_CHUNK)):
                        return
                    server.sendall(
                        data + (secured.recv(pending) if (pending := secured.pending()) else b"")
                    )


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A throw-away certificate authority."""
    return trustme.CA()


@pytest.fixture
def root(authority: trustme.CA, tmp_path: Path) -> Path:
    """Its certificate, as a file with a space in its name."""
    path = tmp_path / "root ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


@pytest.fixture
def secured(lane: Any, authority: trustme.CA) -> Iterator[Any]:
    """Gives the URL of the source behind TLS, with a certificate for a host name."""
    lane.source.execute(
        "create table t (id integer primary key, filler text);"
        "insert into t select n, repeat('x', 100) from generate_series(1, 20000) as n"
    )
    login = lane.source.connection("reader")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    def url(parameters: str, host: str = "localhost") -> str:
        authority.issue_cert(host).configure_cert(context)
        return f"postgresql://{login.user}:{login.password}@localhost:{port}/{login.dbname}?{parameters}"

    with proxy(login.port, context) as port:
        yield url


def test_a_server_that_proves_its_name_is_read(lane: Any, secured: Any, root: Path) -> None:
    # sslmode and sslrootcert of the URL reach each connection, and COPY comes whole through TLS.
    run = lane.run(
        sqlalchemy_url=secured(f"sslmode=verify-full&sslrootcert={str(root).replace(' ', '%20')}")
    )

    assert run.ids("t") == list(range(1, 20001))


@pytest.mark.parametrize("wrong", ["authority", "host", "file", "plain"])
def test_a_server_that_does_not_is_refused(
    lane: Any, secured: Any, root: Path, tmp_path: Path, wrong: str
) -> None:
    # One line names the setting and the cause, and not the password; nothing falls back to plain text.
    reason = {
        "authority": "certificate verify failed",
        "host": 'server certificate for "shop.example" does not match host name "localhost"',
        "file": "does not exist",
        "plain": "server does not support SSL, but SSL was required",
    }[wrong]
    if wrong == "authority":
        trustme.CA().cert_pem.write_to_path(root)
    elif wrong == "file":
        root = tmp_path / "none.pem"
    url = secured(
        f"sslmode=verify-full&sslrootcert={str(root).replace(' ', '%20')}",
        "shop.example" if wrong == "host" else "localhost",
    )
    login = lane.source.connection("reader")
    if wrong == "plain":
        port = url.split("@localhost:")[1].split("/")[0]
        url = url.replace(port, str(login.port), 1)
    with pytest.raises(WaybillError) as failure:
        lane.run(sqlalchemy_url=url, url_setting=SETTING)

    message = str(failure.value)
    assert message.startswith(f"{SETTING}: cannot connect to source_reader@localhost:")
    assert reason in message
    assert message.endswith(f"Check the host, sslmode and sslrootcert in {SETTING}.")
    assert login.password not in message
    assert "\n" not in message
