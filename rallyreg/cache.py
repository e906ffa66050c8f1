"""Django's Redis cache, answering None while Redis is away: a limit that cannot be counted refuses no pledge."""

from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError


class ForgivingRedisCache(RedisCache):
    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        try:
            return super().get(key, default, version)
        except RedisError:
            return default

    def add(self, key: Any, value: Any, timeout: Any = 300, version: Any = None) -> bool:
        try:
            return bool(super().add(key, value, timeout, version))
        except RedisError:
            return False

    def incr(self, key: Any, delta: int = 1, version: Any = None) -> Any:
        try:
            return super().incr(key, delta, version)
        except RedisError:
            return None  # django-ratelimit's sign for "not counted"; RATELIMIT_FAIL_OPEN lets it pass

    def set(self, key: Any, value: Any, timeout: Any = 300, version: Any = None) -> None:
        try:
            super().set(key, value, timeout, version)
        except RedisError:
            return
