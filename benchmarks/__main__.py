"""`python -m benchmarks`."""

from __future__ import annotations

import sys

from benchmarks.cli import main
from benchmarks.processes import BenchmarkError

try:
    main()
except BenchmarkError as error:
    sys.exit(str(error))
