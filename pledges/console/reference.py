"""Django's admin, for reference data only: places to look at, a rally's texts to mend.

Nothing of pledges, letters, addresses or passwords is registered here, and nothing that needs a second person.
"""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from maps.models import City, Region
from pledges import record
from pledges.console.access import staff_of, staff_with
from pledges.models import Rally, Staff
from pledges.models.staff import Role

PARTS, LANGUAGES = ("title", "cause", "asks", "about", "rights", "contact", "sharing"), ("ru", "en")
FACTS = ("slug", "threshold", "home_country", "home_timezone", "status")
DATES = ("opens_at", "reached_at", "held_at", "announced_at", "over_at", "cancelled_at", "shred_on", "shredded_at")


class Reference(admin.AdminSite):
    """The console's own login, and its own word for those who are not admins."""

    site_header = site_title = _("Reference data")
    index_title = _("Places and texts")
    enable_nav_sidebar = False

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        return staff_with(Role.ADMIN)(super().admin_view(view, cacheable))

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        asked = request.GET.get("next", reverse("admin:index"))
        return redirect(f"{reverse('login')}?{urlencode({'next': asked})}")


class OnlyLook(admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable where Django runs
    """For admins, by role: the console hands out no permissions one by one."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return isinstance(request.user, Staff) and request.user.is_admin

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class RegionAdmin(OnlyLook):
    """Comes from maps/data by load_cities, which would undo a change made here."""

    list_display = ("code", "name_ru", "name_en", "country")
    search_fields = ("code", "name_ru", "name_en")
    ordering = ("code",)


class CityAdmin(OnlyLook):
    list_display = ("name_ru", "name_en", "region_code", "population", "timezone", "listed")
    list_select_related = ("region",)
    search_fields = ("name_ru", "name_en")
    ordering = ("-population",)
    exclude = ("names", "search_text", "region")
    readonly_fields = ("region_code",)

    @admin.display(description=_("region"), ordering="region__code")
    def region_code(self, city: City) -> str:
        return city.region.code


def _text(label: Any, rows: int) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows, "cols": 70}) if rows > 1 else forms.TextInput(attrs={"size": 70})
    return forms.CharField(label=label, required=rows == 1, max_length=150 if rows == 1 else 4000, widget=widget)


class RallyTextsForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable where Django runs
    title_ru = _text(_("Title, in Russian"), 1)
    cause_ru = _text(_("Cause, in Russian"), 4)
    asks_ru = _text(_("What we ask for, in Russian"), 2)
    about_ru = _text(_("About us, in Russian"), 6)
    rights_ru = _text(_("Rights and help, in Russian (empty: general advice)"), 10)
    contact_ru = _text(_("Contact for the press, in Russian"), 2)
    sharing_ru = _text(_("Caution beside the share buttons, in Russian"), 2)
    title_en = _text(_("Title, in English"), 1)
    cause_en = _text(_("Cause, in English"), 4)
    asks_en = _text(_("What we ask for, in English"), 2)
    about_en = _text(_("About us, in English"), 6)
    rights_en = _text(_("Rights and help, in English (empty: general advice)"), 10)
    contact_en = _text(_("Contact for the press, in English"), 2)
    sharing_en = _text(_("Caution beside the share buttons, in English"), 2)

    class Meta:
        model = Rally
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code in LANGUAGES:
            for part in PARTS:
                self.fields[f"{part}_{code}"].initial = self.instance.texts.get(code, {}).get(part, "")

    def texts(self) -> dict[str, dict[str, str]]:
        """As the rally keeps them; other languages and texts it may have stay as they are."""
        texts: dict[str, dict[str, str]] = {code: dict(words) for code, words in self.instance.texts.items()}
        for code in LANGUAGES:
            words = {part: self.cleaned_data[f"{part}_{code}"].replace("\r\n", "\n") for part in PARTS}
            texts[code] = texts.get(code, {}) | words
        return texts


class RallyAdmin(OnlyLook):
    """Texts can be mended. Threshold and dates need a second person, so here they are only to be seen."""

    form = RallyTextsForm
    list_display = ("slug", "status", "threshold", "opens_at", "reached_at", "announced_at")
    readonly_fields = (*FACTS, *DATES)
    fieldsets = [
        (_("Texts"), {"fields": [f"{part}_{code}" for code in LANGUAGES for part in PARTS]}),
        (_("Facts"), {"fields": FACTS}),
        (_("Dates"), {"fields": DATES}),
    ]

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_module_permission(request)

    @admin.display(description=_("status"))
    def status(self, rally: Rally) -> str:
        return str(rally.status.label)

    def save_model(self, request: HttpRequest, obj: Rally, form: Any, change: bool) -> None:
        # Only this column: the tally worker writes others of the row meanwhile. Django's admin is in a transaction.
        obj.texts = form.texts()
        obj.save(update_fields=["texts"])
        record.write("rally texts changed", by=staff_of(request), now=timezone.now(), rally=obj.slug)


site = Reference()
site.register(Region, RegionAdmin)
site.register(City, CityAdmin)
site.register(Rally, RallyAdmin)
