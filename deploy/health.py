#!/usr/bin/env python3
"""Whether one of Airflow's processes is well, as its API says: `health.py scheduler`.

A command of Airflow's own would say the same, and would load Airflow for seconds each time it is asked.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request

_SECONDS = 10
_COMPONENTS = {
    "api-server": "metadatabase",
    "scheduler": "scheduler",
    "dag-processor": "dag_processor",
    "triggerer": "triggerer",
}
"""By process, what the API calls it; of itself it says that it reaches its database."""


def main() -> None:
    """Leave with 0 where the process is well, otherwise with the reason."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in _COMPONENTS:
        sys.exit(f"error: {name or 'nothing'} is none of {', '.join(_COMPONENTS)}.")
    api = os.environ.get("AIRFLOW_HEALTH_URL", "http://127.0.0.1:8080")
    try:
        # The address is one of this service's own settings.
        with urllib.request.urlopen(f"{api}/api/v2/monitor/health", timeout=_SECONDS) as answer:  # noqa: S310 # nosec B310
            status = json.load(answer)[_COMPONENTS[name]]["status"]
    except (urllib.error.URLError, TimeoutError, ValueError, KeyError) as error:
        sys.exit(f"error: Airflow's API at {api} does not say how {name} is: {error}")
    if status != "healthy":
        sys.exit(f"error: Airflow's API says that {name} is {status}.")


if __name__ == "__main__":
    main()
