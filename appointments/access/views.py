"""The ways in: the address in the e-mail, and a form to have the link sent again."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from appointments.access import links
from appointments.access.decorators import form_page
from appointments.access.forms import LinkForm
from calcsite.errors import UserFacingError
from calcsite.security import limits


def refused(request: HttpRequest, problem: Exception, **context: object) -> HttpResponse:
    """Something was tried too often."""
    return render(request, "appointments/access/too_often.html", {"problem": problem} | context, status=429)


@csrf_exempt  # it takes nothing, and a refusal would write the token into a log
def arrive(request: HttpRequest, token: str, rest: str = "") -> HttpResponse:
    """The address in the e-mail: one button. Scanners open every link, so this changes nothing, and uses up nothing.

    The button sends the token to another address, and this one always answers 200, because errors are logged with
    their address. Requests from the page carry the site and not the address as referrer; with no-referrer browsers
    would hide the site too, and the form would be refused.
    """
    template = "arrive" if links.find_link(token) else "dead_link"
    return arrived(request, f"access/{template}", token)


def arrived(request: HttpRequest, template: str, token: str) -> HttpResponse:
    """A page whose address holds a secret, which is told to no other site."""
    response = render(request, f"appointments/{template}.html", {"token": token})
    response.headers["Referrer-Policy"] = "strict-origin"
    return response


def remember(request: HttpRequest, key: str, link: int) -> None:
    """Store the link in the session, under a new session key."""
    request.session.cycle_key()
    request.session[key] = link


@form_page
def link(request: HttpRequest) -> HttpResponse:
    """Send me my link again. The answer is the same for every address."""
    form = LinkForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            links.ask_for_link(form.cleaned_data["email"], network=limits.client_address(request))
        except UserFacingError as error:
            return refused(request, error)
        return redirect("patient:link_sent")
    return render(request, "appointments/access/link.html", {"form": form})


@require_safe
def link_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "appointments/access/link_sent.html")
