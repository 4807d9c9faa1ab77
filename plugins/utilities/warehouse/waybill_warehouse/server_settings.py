"""The settings of the embedded server, written before each start.

A user's own, by `alter system set …`, win over these.
"""

from __future__ import annotations

import shutil
from pathlib import Path

FILE = "waybill.conf"
LOG_FOLDER = "log"
LOG_DAYS = 7

_DURABLE = """\
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
port = {port}
password_encryption = scram-sha-256

timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'

# A laptop that loads and transforms millions of rows.
shared_buffers = 256MB
work_mem = 64MB
maintenance_work_mem = 256MB
max_wal_size = 4GB
checkpoint_timeout = 15min
# Nobody replicates it: what is copied into a table of the same transaction is not logged as well.
wal_level = minimal
max_wal_senders = 0
random_page_cost = 1.1
# A killed loader's statement ends, and with it the locks that its next run needs.
client_connection_check_interval = 5s
dynamic_shared_memory_type = {shared_memory}

# One file for each day of the week, begun anew when the day comes round.
logging_collector = on
log_directory = '../{log_folder}'
log_filename = 'postgresql-%a.log'
log_truncate_on_rotation = on
log_rotation_age = 1d
log_rotation_size = 0
log_file_mode = 0600
log_checkpoints = off
"""

_EXPENDABLE = """
fsync = off
full_page_writes = off
"""

_ROOMY = 1 << 30
"""Bytes of /dev/shm that parallel queries at our work_mem can count on; containers have 64 MB."""


def text(port: int, *, is_durable: bool) -> str:
    """The content of the settings file.

    Args:
        port: TCP port to listen on, at 127.0.0.1 only.
        is_durable: False for a cluster that nobody needs after a power failure, as in tests.
    """
    shared_memory = "posix" if _has_roomy_shared_memory() else "mmap"
    settings = _DURABLE.format(port=port, shared_memory=shared_memory, log_folder=LOG_FOLDER)
    return settings if is_durable else settings + _EXPENDABLE


def _has_roomy_shared_memory() -> bool:
    shared = Path("/dev/shm")  # noqa: S108 # nosec B108 - looked at, not written to
    return not shared.is_dir() or shutil.disk_usage(shared).total >= _ROOMY
