"""What a simulated process lives in."""

from random import Random
from typing import NamedTuple

from tests.simulation.broker.broker import Broker
from tests.simulation.loop import SimulatedLoop
from tests.simulation.network import Network
from tests.simulation.trace import Trace


class Surroundings(NamedTuple):
    """The same for all processes of an installation."""

    loop: SimulatedLoop
    broker: Broker
    network: Network
    random: Random
    trace: Trace
