"""How gunicorn serves `wsgi:app`, on a developer's machine and in production."""

from pathlib import Path

from api.wire import answer_with_problems
from config import WEB_THREADS, load_settings

answer_with_problems()
_settings = load_settings()
_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host

bind = f"{_host}:{_settings.port}"
workers = _settings.web_workers
worker_class = "gthread"
threads = WEB_THREADS
timeout = 60
graceful_timeout = 5
keepalive = 5
loglevel = "warning"
logger_class = "api.wire.QuietLogger"
control_socket_disable = True  # it would be made in the home directory, which there may not be
if Path("/dev/shm").is_dir():  # noqa: S108
    worker_tmp_dir = "/dev/shm"  # noqa: S108  heartbeats must not wait for a disk
