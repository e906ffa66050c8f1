"""The clock: Beat ticks, workers look in the database for what is waiting. Tasks take no arguments."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rallyreg.settings")

app = Celery("rallyreg")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["pledges"])
