"""A broker with a second listener, for clients behind a proxy.

Clients go on where the broker tells them: it must name the proxy, or they would pass it by.
"""

from pathlib import Path

from pipeline.sandbox.broker import EmbeddedBroker
from pipeline.sandbox.ports import free_port

LISTENERS = """\
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{plain},CONTROLLER://127.0.0.1:{controller},\
PROXIED://127.0.0.1:{behind}
advertised.listeners=PLAINTEXT://127.0.0.1:{plain},CONTROLLER://127.0.0.1:{controller},\
PROXIED://127.0.0.1:{proxy}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PROXIED:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
"""


class ProxiedBroker(EmbeddedBroker):
    """It listens behind the proxy on `behind_port`, and says `proxy_port` to who comes from there.

    `bootstrap_servers` goes past the proxy.
    """

    def __init__(self, folder: Path) -> None:
        plain, controller = free_port(), free_port()
        self.behind_port, self.proxy_port = free_port(), free_port()
        listeners = LISTENERS.format(
            plain=plain, controller=controller, behind=self.behind_port, proxy=self.proxy_port
        )
        super().__init__(data_dir=folder, port=plain, properties=listeners)
