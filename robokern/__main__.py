"""`python -m robokern` is the command `robokern`."""

import sys

from robokern.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
