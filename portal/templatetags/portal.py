"""Tags of every template: icons, server-side fragments, person names."""

from typing import Any

from django import template
from django.http import Http404
from django.templatetags.static import static
from django.urls import resolve, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

SPRITE = "vendor/tabler-icons-3.51.0.svg"


@register.simple_tag
def icon(name: str, css_class: str = "") -> SafeString:
    """Draw an icon of the sprite; a test fails for a name that the sprite lacks."""
    return format_html(
        '<svg class="i {}" aria-hidden="true"><use href="{}#{}"/></svg>',
        css_class,
        static(SPRITE),
        name,
    )


@register.simple_tag(takes_context=True)
def fragment(context: dict[str, Any], name: str, *args: Any) -> SafeString:
    """Place another view's partial in this page, by the address that htmx refetches it from."""
    request = context["request"]
    match = resolve(reverse(name, args=args))
    response = match.func(request, *match.args, **match.kwargs)
    if response.status_code == 404:
        raise Http404
    return mark_safe(response.content.decode())  # noqa: S308 - rendered by our own templates
