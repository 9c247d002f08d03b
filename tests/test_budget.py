"""The table of where the time goes."""

from pipeline.app import build_rooms
from pipeline.settings import Settings
from tests.budget import OUTPUTS, cpu_us


def test_every_room_that_parcels_pass_has_its_cost() -> None:
    """Only operators' accounts stand beside the way of a parcel."""
    costs = cpu_us(parcels=300, rounds=1)
    rooms = {room.name for room in build_rooms(Settings())}
    assert costs.keys() == rooms - {"accounts"} | {OUTPUTS}
    assert all(cost_us > 0 for cost_us in costs.values())
