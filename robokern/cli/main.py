"""The command `robokern`: one verb, one file; only the file of the chosen verb is imported."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from robokern.errors import LocatedError, PluginError, RobokernError

VERBS = {
    "list": "the plugins there are: role, summary, outputs",
    "show": "the settings of a plugin or host: types, units, defaults, ranges",
    "check": "whether a run file is right, without running it",
    "run": "run a run file",
    "inspect": "a kernel's program, LLVM IR and assembly",
    "schema": "JSON schema of run files, for editors",
}
BAD_INPUT, FAILED, INTERRUPTED = 2, 1, 130

_OPTIONAL = {"yaml": "plugins", "pydantic": "plugins", "zarr": "sim", "rich": "sim", "matplotlib": "sim"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and gives its exit code: 0, 1 (failed running), 2 (bad input), 130 (interrupted)."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = _run(words)
        sys.stdout.flush()
        return code
    except PluginError as error:
        # a kernel that does not compile is a mistake in a text, and its place says more than stage and step
        mistaken = isinstance(error.cause, LocatedError)
        return _say(error.cause if mistaken else error, BAD_INPUT if mistaken else FAILED)
    except RobokernError as error:
        return _say(error, BAD_INPUT)
    except ModuleNotFoundError as error:
        if error.name not in _OPTIONAL:
            raise
        return _say(
            f"{error.name} is not installed; run: pip install 'robokern[{_OPTIONAL[error.name]}]'", BAD_INPUT
        )
    except BrokenPipeError:
        # the reader has what it wanted; keep the interpreter from complaining when it flushes at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return _say("interrupted", INTERRUPTED)


def _run(words: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="robokern", description="Sensors, contact laws and randomizers for simulators."
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    chosen = next((word for word in words if not word.startswith("-")), None)
    for verb, summary in VERBS.items():
        subparser = verbs.add_parser(verb, help=summary, description=summary)
        if verb == chosen:
            module = import_module(f"robokern.cli.{verb}")
            module.configure(subparser)
            subparser.set_defaults(main=module.main)
    if not words:
        parser.print_help(sys.stderr)
        return BAD_INPUT
    options = parser.parse_args(words)
    code: int = options.main(options)
    return code


def _say(message: object, code: int) -> int:
    print(message, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
