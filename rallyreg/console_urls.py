"""The console: its own process and port, for staff. The middleware asks everyone to log in; what is public says so."""

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView
from django.urls import path, re_path
from django.views.i18n import set_language

from pledges.console import announce, audit, dashboard, entrance, mail, plan, reference
from pledges.machine import health
from rallyreg.errors import not_found

urlpatterns = [
    path("", entrance.home, name="home"),
    path("healthz", login_not_required(health.healthz)),
    path("login/", entrance.login, name="login"),
    path("logout/", login_not_required(LogoutView.as_view()), name="logout"),
    path("language/", login_not_required(set_language), name="set_language"),
    path("dashboard/", dashboard.dashboard, name="dashboard"),
    path("dashboard/figures/", dashboard.figures_fragment, name="dashboard-figures"),
    path("dashboard/<slug:slug>/hold/", dashboard.hold, name="hold"),
    path("dashboard/<slug:slug>/release/", dashboard.release, name="release"),
    path("plan/", plan.plan, name="plan"),
    path("plan/<slug:slug>/<int:city_id>/", plan.site, name="site"),
    path("plan/<slug:slug>/<int:city_id>/delete/", plan.delete_site, name="site-delete"),
    path("announce/", announce.announcements, name="announce"),
    path("announce/new/", announce.new, name="announcement-new"),
    path("announce/<int:pk>/", announce.announcement, name="announcement"),
    path("announce/<int:pk>/progress/", announce.progress, name="announcement-progress"),
    path("announce/<int:pk>/approve/", announce.approve, name="announcement-approve"),
    path("announce/<int:pk>/wait/", announce.approve_by_waiting, name="announcement-wait"),
    path("announce/<int:pk>/publish/", announce.publish, name="announcement-publish"),
    path("announce/<int:pk>/void/", announce.void, name="announcement-void"),
    path("record/", audit.record_page, name="record"),
    path("mail/", mail.mails, name="mail"),
    path("mail/<str:name>/", mail.message, name="mail-message"),
    path("admin/", reference.site.urls),
    # Only what ends in a slash, so that APPEND_SLASH still finds /dashboard.
    re_path(r"^(?:.*/)?$", not_found),
]
