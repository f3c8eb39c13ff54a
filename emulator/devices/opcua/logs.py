"""What a peer can make the library log, kept to a few lines a second."""

import logging
from typing import Final

_LINES_PER_SECOND: Final = 5


class RateLimit(logging.Filter):
    """Lets a few lines a second pass from one logger and says afterwards how many it kept back."""

    def __init__(self, per_second: int = _LINES_PER_SECOND) -> None:
        super().__init__()
        self._per_second = per_second
        self._second = 0
        self._passed = 0
        self._kept_back = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Count a line; False drops it."""
        second = int(record.created)
        if second != self._second:
            if self._kept_back:
                record.msg = f"{record.getMessage()} ({self._kept_back} like lines kept back)"
                record.args = ()
            self._second, self._passed, self._kept_back = second, 0, 0
        self._passed += 1
        if self._passed > self._per_second:
            self._kept_back += 1
            return False
        return True


def limit_library_logging() -> None:
    """Rate limit the loggers of asyncua that a peer can make talk."""
    for name in (
        "asyncua.uaprotocol", "asyncua.server.address_space", "asyncua.server.binary_server_asyncio",
        "asyncua.server.internal_server", "asyncua.server.internal_session",
        "asyncua.server.subscription_service",
        "asyncua.server.uaprocessor", "asyncua.ua.ua_binary",
    ):  # fmt: skip
        logger = logging.getLogger(name)
        if not any(isinstance(old, RateLimit) for old in logger.filters):
            logger.addFilter(RateLimit())
