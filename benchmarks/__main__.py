"""Runs every benchmark: `python -m benchmarks`, or those named: `python -m benchmarks launch`."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
NOT_ALONE = {"__init__", "__main__", "side_by_side"}


def main() -> int:
    """Each in a process of its own; the number of those that failed."""
    found = sorted(path.stem for path in HERE.glob("*.py") if path.stem not in NOT_ALONE)
    unknown = [name for name in sys.argv[1:] if name not in found]
    if unknown:
        print(f"no benchmark {unknown[0]!r}; choose from: {', '.join(found)}", file=sys.stderr)
        return 2
    commands = [[sys.executable, "-m", f"benchmarks.{name}"] for name in sys.argv[1:] or found]
    return sum(subprocess.run(command, cwd=HERE.parent).returncode != 0 for command in commands)


if __name__ == "__main__":
    sys.exit(main())
