"""Django's Redis cache, answering None while Redis is away: a limit that cannot be counted refuses no pledge."""

import json
import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

Answer = TypeVar("Answer")
REST = 2.0  # seconds that Redis is left alone after it did not answer: each try of a hanging one costs a quarter


class JsonSerializer:
    """Values as JSON: whoever can write to Redis could make pickles run anything. Integers stay countable."""

    def dumps(self, value: Any) -> Any:
        return value if type(value) is int else json.dumps(value)

    def loads(self, data: bytes) -> Any:
        return json.loads(data)


class ForgivingRedisCache(RedisCache):
    _away_until = 0.0  # time.monotonic(), of this process

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        return self._asked(lambda: super(ForgivingRedisCache, self).get(key, default, version), default)

    def add(self, key: Any, value: Any, timeout: Any = 300, version: Any = None) -> bool:
        return self._asked(lambda: bool(super(ForgivingRedisCache, self).add(key, value, timeout, version)), False)

    def incr(self, key: Any, delta: int = 1, version: Any = None) -> Any:
        """None is django-ratelimit's sign for "not counted"; RATELIMIT_FAIL_OPEN lets it pass."""
        return self._asked(lambda: super(ForgivingRedisCache, self).incr(key, delta, version), None)

    def set(self, key: Any, value: Any, timeout: Any = 300, version: Any = None) -> None:
        self._asked(lambda: super(ForgivingRedisCache, self).set(key, value, timeout, version), None)

    def _asked(self, ask: Callable[[], Answer], else_: Answer) -> Answer:
        if time.monotonic() < ForgivingRedisCache._away_until:
            return else_
        try:
            return ask()
        except RedisError:
            ForgivingRedisCache._away_until = time.monotonic() + REST
            return else_
