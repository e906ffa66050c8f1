"""The site for a web server that forks workers of its own; a worker ends with it, or it would keep the port."""

import signal
from multiprocessing import parent_process

from rallyreg.embedded.process import dying_with

if (server := parent_process()) and server.pid and (bind := dying_with(server.pid, signal.SIGKILL)):
    bind()  # before the site is loaded, which takes a while

from rallyreg.wsgi import application

__all__ = ["application"]
