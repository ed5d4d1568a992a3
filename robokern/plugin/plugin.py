"""What a plugin is: a role, settings, and five stages called by the loop.

Plugin
|-- Sensor      reads the Frame after a step, fills its outputs
|-- Contact     reads the Frame before a step, adds wrenches to its bodies
`-- Randomizer  writes model parameters of the World, always from their defaults
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from robokern.plugin.kernels import DISTRIBUTIONS, OPERATIONS, Draw, count_draws, restore_worlds
from robokern.runtime.array import Array
from robokern.runtime.creation import zeros
from robokern.runtime.launch import launch

if TYPE_CHECKING:
    from robokern.plugin.settings import PluginConfig
    from robokern.world.frame import Frame
    from robokern.world.world import World


class Plugin:
    """Base of all plugins.

    Stages only enqueue launches, so that a step can be captured and replayed. Arrays in `state` have the
    world as their first dimension; what `setup` leaves in them is what `reset` restores.

    Attributes:
        name: the instance's name in the run file.
        config: the checked settings.
        outputs: arrays that are recorded; names, shapes and dtypes as the manifest declares.
        state: arrays that carry over from step to step.
    """

    role: ClassVar[str] = ""
    Config: ClassVar[type[PluginConfig]]

    def __init__(self, name: str, config: Any) -> None:
        self.name = name
        self.config = config
        self.outputs: dict[str, Array] = {}
        self.state: dict[str, Array] = {}
        self.initial_state: dict[str, Array] = {}

    def setup(self, world: World) -> None:
        """Allocates outputs and state, resolves bodies. Called once, before the first step."""

    def reset(self, frame: Frame, mask: Array) -> None:
        """Starts the worlds anew where `mask` (worlds,) bool is true: declared state to its initial value."""
        self.restore_state(mask)

    def before_step(self, frame: Frame) -> None:
        """Called before the simulator's step."""

    def after_step(self, frame: Frame) -> None:
        """Called after the simulator's step, with poses of the new time."""

    def close(self) -> None:
        """Gives back what `setup` took outside of arrays."""

    def remember_state(self) -> None:
        """Keeps a copy of the declared state as what `restore_state` goes back to."""
        self.initial_state = {key: array.clone() for key, array in self.state.items()}

    def restore_state(self, mask: Array) -> None:
        """Sets every declared state array back to its initial value in the worlds of `mask`."""
        for key, initial in self.initial_state.items():
            _restore(self.state[key], initial, mask)


class Sensor(Plugin):
    """Measures: override `setup` and `after_step`."""

    role = "sensor"


class Contact(Plugin):
    """Pushes: override `setup` and `before_step`, and add to `frame.body_force` and `frame.body_torque`."""

    role = "contact"


class Randomizer(Plugin):
    """Varies model parameters: override `setup`, which calls `begin`, and `randomize`.

    Attributes:
        draw: how to draw; kernels take it and call `rk.randomized(draw, default, count, world, i)`.
        count: (worlds,) draws so far. Not part of `state`: a world that resets must not draw the same again.
    """

    role = "randomizer"

    def begin(self, world: World) -> None:
        """Sets `draw` and `count` from the settings and the world."""
        config: Any = self.config
        self.draw = Draw(
            seed=world.seed,
            purpose=world.rng_key(self.name, "draw"),
            operation=OPERATIONS[config.operation],
            distribution=DISTRIBUTIONS[config.distribution],
            first=config.range[0],
            second=config.range[1],
            first_world=world.first_world,
        )
        self.count = zeros(world.num_worlds, dtype=int, device=world.device)

    def randomize(self, frame: Frame, mask: Array) -> None:
        """Draws from `Param.default` where `mask` (worlds,) is true, then calls `drawn` and `world.touch`."""
        raise NotImplementedError(f"{type(self).__name__} has no randomize()")

    def drawn(self, mask: Array) -> None:
        """Ends a draw in the worlds of `mask`."""
        launch(count_draws, dim=len(mask), inputs=[mask], outputs=[self.count], device=self.count.device)


def _restore(state: Array, initial: Array, mask: Array) -> None:
    rows = (state.shape[0], -1)
    source, target = initial.reshape(rows), state.reshape(rows)
    launch(restore_worlds, dim=target.shape, inputs=[mask, source], outputs=[target], device=state.device)
