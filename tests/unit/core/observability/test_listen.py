"""Where a program listens."""

from __future__ import annotations

import socket

import pytest

from segue_core.observability.http import listen


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_every_address_means_both_versions_of_ip(address: str) -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no sockets for both versions of IP")
    with listen(0) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection((address, port), timeout=5), listener.accept()[0]:
            pass
