"""Closures in the admin: the affected appointments are shown before one is stored, and settled afterwards."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from appointments.booking import closures
from appointments.governance.permissions import CHANGE, appointments_of, slots_of
from appointments.governance.screens import PlainTitles, day_in, moment, record_listed
from appointments.messages.queue import TEXT_CHARACTERS
from appointments.models import Appointment, Closure, Slot
from appointments.scheduling import availability
from appointments.scheduling.walltime import bounds
from calcsite.errors import UserFacingError
from calcsite.stale import SeenMixin, fingerprint

PATIENTS_PER_PAGE = 50
TIMES_OFFERED = 10  # to each patient: of their clinician, and of all
KEEP, CANCEL = "keep", "cancel"
EVERYBODY = "The whole clinic"
SOMEBODY_IS_BOOKED = (
    "Nothing is saved yet: somebody is booked then. Look at the list, and save again to close all the same. "
    "Nobody is told and nothing is cancelled by that: you decide for each of them on the next page."
)


class ClosureForm(SeenMixin, forms.ModelForm):
    """A closure. It is refused until its page has shown the current list of affected appointments."""

    class Meta:
        model = Closure
        fields = ["clinician", "starts", "ends", "reason"]
        labels = {"clinician": "Who is away", "starts": "From", "ends": "Until"}
        help_texts = {
            "clinician": "",
            "starts": f"Times are those of {settings.TIME_ZONE}.",
            "ends": "For whole days: midnight after the last one.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, state=fingerprint(), **kwargs)
        if who := self.fields.get("clinician"):
            who.empty_label = EVERYBODY
            for link in ("add", "change", "delete", "view"):
                setattr(who.widget, f"can_{link}_related", False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        self.hit: list[Appointment] = []
        if not self.errors:
            asked = Closure(**{name: cleaned[name] for name in ("clinician", "starts", "ends")})
            self.hit = list(closures.affected_by(asked))
            state = fingerprint(*({"revision": each.revision} for each in self.hit))
            if self.hit and cleaned["seen"] != state:
                self.show_state(state)
                raise ValidationError(SOMEBODY_IS_BOOKED)
        return cleaned


class SettleForm(forms.Form):
    """A decision about each affected appointment, and a message to the patients."""

    text = forms.CharField(
        label="Message to everybody whom you move or cancel below",
        help_text="Sent by e-mail after the new time or the cancellation, which they are told anyway. May stay empty. "
        "Write nothing medical.",
        required=False,
        max_length=TEXT_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, hit: list[Appointment], slots: QuerySet[Slot], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.hit, self.slots = hit, slots
        self.times: dict[tuple, list[Slot]] = {}
        for appointment in hit:
            self.fields[self.name_of(appointment)] = forms.ChoiceField(
                label=f"What becomes of the appointment of {appointment.name}",
                choices=[(KEEP, "Decide later: the time stays"), (CANCEL, "Cancel"), *self._moves(appointment)],
            )

    @staticmethod
    def name_of(appointment: Appointment) -> str:
        return f"appointment-{appointment.pk}"

    def rows(self) -> Iterator[tuple[Appointment, forms.BoundField]]:
        return ((appointment, self[self.name_of(appointment)]) for appointment in self.hit)

    def chosen(self) -> Iterator[tuple[Appointment, Slot | None]]:
        """Each appointment that is not kept, with the slot to move it to; None cancels it."""
        moves = [key for key in self.cleaned_data.values() if key.isdecimal()]
        slots = self.slots.in_bulk(moves)
        for appointment in self.hit:
            choice = self.cleaned_data[self.name_of(appointment)]
            if choice != KEEP:
                yield appointment, None if choice == CANCEL else slots[int(choice)]

    def _moves(self, appointment: Appointment) -> list[tuple[str, list[tuple[str, str]]]]:
        """The first free times of the same clinician, and of the others."""
        mine = self._times(appointment, appointment.clinician)
        others = [slot for slot in self._times(appointment, None) if slot not in mine]
        groups = [(f"Move, with {appointment.clinician}", mine), ("Move, whoever is free first", others)]
        return [(name, [(str(slot.pk), in_words(slot)) for slot in slots]) for name, slots in groups if slots]

    def _times(self, appointment: Appointment, clinician: Any) -> list[Slot]:
        key = (appointment.appointment_type_id, appointment.mode, clinician and clinician.pk)
        if key not in self.times:
            now = timezone.now()
            free = availability.offered(appointment.appointment_type, appointment.mode, clinician, at=now)
            free = free.between(*appointment.appointment_type.window(now, by_staff=True))
            self.times[key] = list(free.filter(pk__in=self.slots.values("pk"))[:TIMES_OFFERED])
        return self.times[key]


def in_words(slot: Slot) -> str:
    starts = timezone.localtime(slot.starts)
    return f"{starts:%A} {starts.day} {starts:%B %Y, %H:%M}, {slot.clinician}"


@admin.register(Closure)
class ClosureAdmin(PlainTitles, admin.ModelAdmin):
    form = ClosureForm
    list_display = ["who", "since", "until", "reason"]
    list_filter = ["clinician"]
    show_facets = admin.ShowFacets.NEVER
    formfield_overrides = {
        models.DateTimeField: {
            "form_class": forms.DateTimeField,
            "widget": forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}),
        }
    }
    list_select_related = ["clinician"]
    date_hierarchy = "starts"
    fields = ["clinician", "starts", "ends", "reason", "seen"]
    change_form_template = "admin/appointments/booking/closure_form.html"

    @admin.display(description="who is away", ordering="clinician__name")
    def who(self, closure: Closure) -> str:
        return str(closure.clinician or EVERYBODY)

    @admin.display(description=f"from ({settings.TIME_ZONE})", ordering="starts")
    def since(self, closure: Closure) -> str:
        return moment(closure.starts)

    @admin.display(description="until", ordering="ends")
    def until(self, closure: Closure) -> str:
        return moment(closure.ends)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A whole day: the one that the calendar showed, if the request comes from there."""
        day = day_in(request.GET.get("day", ""))
        starts, ends = bounds(day, 1)
        return {"clinician": request.GET.get("clinician"), "starts": starts, "ends": ends}

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().add_view(request, *args, extra_context={"title": "Close a day, or longer"}, **kwargs)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """With the affected appointments that this user may see. The audit log records that they were shown."""
        hit = getattr(context["adminform"].form, "hit", [])
        seen = appointments_of(request.user).filter(pk__in=[appointment.pk for appointment in hit])
        visible = set(seen.values_list("pk", flat=True))
        context["hit"] = [appointment for appointment in hit if appointment.pk in visible]
        context["hidden_count"] = len(hit) - len(visible)
        record_listed(request, context["hit"], detail="hit by a closure")
        context["zone"] = timezone.get_default_timezone_name()
        context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().render_change_form(request, context, **kwargs)

    def save_model(self, request: HttpRequest, obj: Closure, form: ClosureForm, change: bool) -> None:
        closures.close(closure=obj)

    def delete_model(self, request: HttpRequest, obj: Closure) -> None:
        closures.reopen(closures=[obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Closure]) -> None:
        closures.reopen(closures=list(queryset.select_related("clinician")))

    def response_add(self, request: HttpRequest, obj: Closure, post_url_continue: str | None = None) -> HttpResponse:
        return self._redirect_to_affected(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Closure) -> HttpResponse:
        return self._redirect_to_affected(request, obj) or super().response_change(request, obj)

    def _redirect_to_affected(self, request: HttpRequest, closure: Closure) -> HttpResponse | None:
        """The page of the affected appointments, while there are some to decide about."""
        hit = closures.affected_by(closure).filter(pk__in=appointments_of(request.user).values("pk"))
        if not request.user.has_perm(CHANGE) or not hit.exists():
            return None
        messages.success(request, "It is closed. Now decide for those who are booked then.")
        return redirect("admin:appointments_closure_settle", closure.pk)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(settle)
        return [path("<int:pk>/patients/", view, name="appointments_closure_settle"), *super().get_urls()]


def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """The appointments that a closure affects. Each is kept, moved or cancelled, in a transaction of its own."""
    if not request.user.has_perms(["appointments.view_closure", CHANGE]):
        raise PermissionDenied
    closure = get_object_or_404(Closure.objects.select_related("clinician"), pk=pk)
    hit = closures.affected_by(closure).filter(pk__in=appointments_of(request.user).values("pk"))
    listed = Paginator(hit, PATIENTS_PER_PAGE).get_page(request.GET.get("page"))
    form = SettleForm(request.POST or None, hit=list(listed), slots=slots_of(request.user))
    if form.is_valid():
        for appointment, slot in form.chosen():
            settle_one(request, appointment, slot, form.cleaned_data["text"])
        return redirect(request.get_full_path())
    record_listed(request, form.hit, detail="hit by a closure")
    context = admin.site.each_context(request) | {"opts": Closure._meta, "closure": closure, "form": form}
    context |= {"listed": listed, "zone": timezone.get_default_timezone_name()}
    return TemplateResponse(request, "admin/appointments/booking/closure_settle.html", context)


def settle_one(request: HttpRequest, appointment: Appointment, slot: Slot | None, text: str) -> None:
    """Move or cancel one appointment, with a message about the result."""
    try:
        closures.settle(appointment=appointment, slot=slot, text=text if appointment.email else "", by=request.user)
    except UserFacingError as error:
        messages.error(request, f"{appointment.name}: nothing has changed. {error}")
    else:
        messages.success(request, f"{appointment.name}: {f'moved to {in_words(slot)}' if slot else 'cancelled'}.")
        if not appointment.email:
            number = appointment.telephone or "no number is known"
            messages.warning(request, f"{appointment.name} has no e-mail address. Telephone them now: {number}.")
