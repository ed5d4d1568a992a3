"""Device side of thermometer."""

import robokern as rk


@rk.kernel
def measure(
    # state
    world_from_body: rk.array2d(dtype=rk.transform),  # (worlds, bodies)
    body: int,
    # settings
    ground: float,  # [K]
    lapse_rate: float,  # [K/m]
    # out
    temperature: rk.array(dtype=float),  # (worlds,) [K]
):
    """T = T0 - L z (ICAO standard atmosphere, Doc 7488)."""
    world = rk.tid()
    temperature[world] = ground - lapse_rate * world_from_body[world, body].p.z
