"""The public site. The first part of a path is the language; machine formats have none."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import path, re_path

from maps.views import city_search
from pledges.machine import announcement, figures, health
from pledges.pages import mailbox, pictures, pledge, press, rally
from rallyreg.errors import not_found

api = "api/v1/<slug:slug>"

urlpatterns = [
    path("", rally.root),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("api/v1/cities", city_search, name="city-search"),
    path(f"{api}/tally.json", figures.tally_json, name="tally-json"),
    path(f"{api}/cities.json", figures.cities_json, name="cities-json"),
    path(f"{api}/ledger.jsonl", figures.ledger_jsonl, name="ledger"),
    path(f"{api}/history.csv", figures.history_csv, name="history"),
    path(f"{api}/announcement.json", announcement.announcement_json, name="announcement-json"),
    *i18n_patterns(
        path("", rally.home, name="home"),
        path("confirm/<str:token>/", mailbox.confirm, name="confirm"),
        path("manage/<str:token>/", mailbox.manage, name="manage"),
        path("<slug:slug>/", rally.rally, name="rally"),
        path("<slug:slug>/pledge/", pledge.pledge, name="pledge"),
        path("<slug:slug>/check-your-mail/<str:handle>/", pledge.check_your_mail, name="check-your-mail"),
        path("<slug:slug>/cities/", rally.cities, name="cities"),
        path("<slug:slug>/cities/<int:geoname_id>/", rally.city, name="city"),
        path("<slug:slug>/cities/<int:geoname_id>/rally.ics", announcement.calendar, name="city-ics"),
        path("<slug:slug>/rally.ics", announcement.calendar, name="rally-ics"),
        path("<slug:slug>/feed.atom", announcement.feed, name="feed"),
        path("<slug:slug>/privacy/", rally.privacy, name="privacy"),
        path("<slug:slug>/rights/", rally.rights, name="rights"),
        # Drawn, printed, or for others to show us with.
        path("<slug:slug>/map-<slug:scheme>.svg", pictures.map_picture, name="map-svg"),
        path("<slug:slug>/share.png", pictures.share_image, name="share-image"),
        path("<slug:slug>/qr.svg", pictures.code, name="qr"),
        path("<slug:slug>/cities/<int:geoname_id>/qr.svg", pictures.code, name="city-qr"),
        path("<slug:slug>/poster.pdf", pictures.poster, name="poster"),
        path("<slug:slug>/flyers.pdf", pictures.flyers, name="flyers"),
        path("<slug:slug>/cities/<int:geoname_id>/poster.pdf", pictures.poster, name="city-poster"),
        path("<slug:slug>/cities/<int:geoname_id>/flyers.pdf", pictures.flyers, name="city-flyers"),
        path("<slug:slug>/cities.csv", figures.cities_csv, name="cities-csv"),
        path("<slug:slug>/press/", press.press, name="press"),
        path("<slug:slug>/press/chart.svg", pictures.chart_svg, name="chart-svg"),
        path("<slug:slug>/press/chart.png", pictures.chart_png, name="chart-png"),
        path("<slug:slug>/embed/", press.embed, name="embed"),
        path("<slug:slug>/big/", press.projector, name="projector"),
    ),
    re_path("", not_found),
]
