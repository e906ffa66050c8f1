from django.apps import AppConfig


class MapsConfig(AppConfig):
    """Where: knows places and nothing of pledges."""

    name = "maps"
