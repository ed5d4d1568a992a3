"""Every error that robokern raises on purpose.

RobokernError               a RuntimeError, as programs written for Warp expect of it
|-- LocatedError            knows file, line, column of the user's text
|   |-- ConfigError         a YAML file, a command-line override or a manifest
|   |-- KernelError         Python source of a kernel or func
|   `-- AdjointError        a kernel or tape that cannot be differentiated exactly
|-- LaunchError             a kernel was called with the wrong arguments
|   |-- KernelAssertionError  an assert inside a kernel failed
|   |-- KernelIndexError    an array index inside a kernel is out of range
|   `-- KernelFloatError    a launch left NaN or infinity in an array, and `verify_fp` is on
|-- DeviceError             no such device, or it failed
|-- GeometryError           a mesh, Bvh or Scene that cannot be built
|-- UnsupportedError        a name of the surface whose feature is not there yet; also an AttributeError
|-- HostError               the simulator side: a missing package, a model it cannot load
`-- PluginError             a plugin raised while running: names it, the stage and the step
"""

from __future__ import annotations


class RobokernError(RuntimeError):
    """Base of the tree; its text is complete and meant for the user."""


class LocatedError(RobokernError):
    """An error at a place in a text the user wrote.

    `str()` gives `file:line:column: message`, and under it the source line with a caret when known.
    """

    def __init__(
        self,
        message: str,
        file: str | None = None,
        line: int | None = None,
        column: int | None = None,
        source: str | None = None,
        width: int = 1,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.line = line
        self.column = column
        self.source = source
        self.width = width
        self.hint = hint

    def __str__(self) -> str:
        place = ":".join(str(x) for x in (self.file, self.line, self.column) if x is not None)
        first = f"{place}: {self.message}" if place else self.message
        return "\n".join([first, *self._excerpt()])

    def _excerpt(self) -> list[str]:
        if self.source is None or self.column is None:
            return [f"    {self.hint}"] if self.hint else []
        text = self.source.rstrip()
        left = len(text) - len(text.lstrip())
        caret = " " * max(self.column - 1 - left, 0) + "^" * max(self.width, 1)
        tail = f"  {self.hint}" if self.hint else ""
        return [f"    {text.strip()}", f"    {caret}{tail}"]


class ConfigError(LocatedError):
    """A YAML file, a command-line override or a plugin manifest is wrong."""


class KernelError(LocatedError):
    """The Python source of a kernel or func cannot be compiled."""


class KernelWarning(UserWarning):
    """A kernel compiles, but does something that is probably not meant."""


class AdjointError(LocatedError):
    """A derivative that cannot be computed exactly: never a wrong number instead."""


class LaunchError(RobokernError):
    """A kernel was launched with arguments it does not take."""


class KernelAssertionError(LaunchError, AssertionError):
    """An `assert` inside a kernel failed."""


class KernelIndexError(LaunchError, IndexError):
    """An array index inside a kernel is out of range."""


class KernelFloatError(LaunchError, ArithmeticError):
    """A launch left NaN or infinity in an array, and `verify_fp` is on."""


class UnsupportedError(RobokernError, AttributeError):
    """A name that programs know from elsewhere and whose feature robokern does not have yet."""


class DeviceError(RobokernError):
    """A device does not exist or failed."""


class GeometryError(RobokernError):
    """A mesh, Bvh or Scene cannot be built from what was given."""


class HostError(RobokernError):
    """The simulator's side failed: package missing, model not loadable, state not finite."""


class PluginError(RobokernError):
    """A plugin raised while running.

    Args:
        plugin: instance name in the run file.
        stage: `setup`, `reset`, `before_step`, `after_step` or `close`.
        step: simulation step at which it happened.
        cause: the exception.
    """

    def __init__(self, plugin: str, stage: str, step: int, cause: BaseException) -> None:
        super().__init__(
            f"plugin {plugin!r} failed in {stage} at step {step}: {type(cause).__name__}: {cause}"
        )
        self.plugin, self.stage, self.step, self.cause = plugin, stage, step, cause
