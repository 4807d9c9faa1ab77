"""Stop with one clear line where Python is too old or cannot make virtual environments."""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "error: Python %d.%d is too old. Install Python 3.11 or later, or name it: "
        "make run PYTHON=python3.11" % sys.version_info[:2]
    )
try:
    import ensurepip  # noqa: F401
    import venv  # noqa: F401
except ImportError:
    sys.exit("error: this Python has no venv module. On Debian: apt-get install python3-venv")
