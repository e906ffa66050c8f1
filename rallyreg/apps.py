from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig


class RallyregConfig(AppConfig):
    name = "rallyreg"

    def ready(self) -> None:
        from rallyreg import checks  # noqa: F401  (registers itself; needs loaded apps)


class ConsoleAdminConfig(SimpleAdminConfig):
    """Django's admin without autodiscovery: leaflet.admin would ask for GDAL."""
