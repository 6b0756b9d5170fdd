"""What is wrong with devices' questions today: a fragment of the devices page, and of one row."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from worklist.selectors.device_flags import device_flags
from worklist.wording.flags import flag_words


def flags(request: HttpRequest, device_id: int | None = None) -> HttpResponse:
    """Answer the notices about all devices, or about one."""
    found = device_flags(visible_to=request.user, device_id=device_id)
    context = {"flags": [flag_words(flag) for flag in found], "device_id": device_id}
    return render(request, "worklist/_device_flags.html", context)
