"""What is wrong with an open page, for people who see, hold or read it in their own ways."""

from collections.abc import Iterator
from typing import Any

from tests.peers.axe import violations

WIDE = {"width": 1440, "height": 844}
NARROWER = (1024, 761, 640, 390, 320)  # a console, the last before phones, 200 % of 1280, phones
# What is chosen, beside one of its kind that is not; marks that are told apart by their ground.
FORCED = """() => {
  const ground = getComputedStyle(document.body).backgroundColor;
  const looks = (el, part) => {
    const { backgroundColor, border, outline, textDecorationLine } = getComputedStyle(el, part);
    const isClear = backgroundColor.startsWith("rgba") && backgroundColor.endsWith(", 0)");
    return [isClear ? ground : backgroundColor, border, outline, textDecorationLine].join();
  };
  const whole = (el) => looks(el) + looks(el, "::after");
  const isAlike = (el, other) =>
    other !== el && other.className === el.className && other.checkVisibility() &&
    !other.matches(CHOSEN) && whole(other) === whole(el);
  const CHOSEN = "[aria-pressed=true],[aria-current=page],[aria-current=true],[aria-selected=true]";
  const chosen = [...document.querySelectorAll(CHOSEN)].filter((el) => el.checkVisibility());
  const marks = ".dot,.swatch,.meter i,.bar-p > :not(.open,.tone-none)";
  return [
    ...document.getAnimations().map(({ effect }) => `moves: ${effect.target.outerHTML}`),
    ...chosen
      .filter((el) => [...el.parentElement.parentElement.querySelectorAll(el.tagName)]
        .some((other) => isAlike(el, other)))
      .map((el) => `chosen, but like the others: ${el.outerHTML}`),
    ...[...document.querySelectorAll(marks)]
      .filter((el) => el.checkVisibility() && parseFloat(getComputedStyle(el).borderTopWidth) === 0
        && looks(el).startsWith(ground))
      .map((el) => `not seen: ${el.parentElement.outerHTML}`),
  ];
}"""
# Each control as the keyboard reaches it: itself or what stands for it has a ring.
UNRINGED = """() => {
  const rings = (el) => el && parseFloat(getComputedStyle(el).outlineWidth) >= 2
    && getComputedStyle(el).outlineStyle !== "none";
  const controls = "a[href],button,input,select,textarea,summary,[tabindex='0']";
  return [...document.querySelectorAll(controls)].filter((el) => {
    if (!el.checkVisibility() || el.disabled || el.tabIndex < 0) return false;
    el.focus({ preventScroll: true });
    const isReached = document.activeElement === el;
    return isReached && !rings(el) && !rings(el.nextElementSibling) && !rings(el.closest("label"));
  }).map((el) => `no ring: ${el.outerHTML.slice(0, 160)}`);
}"""


def faults_of(page: Any, answer: Any) -> Iterator[str]:
    """Say what is wrong: its frame, axe's rules, forced colours, widths, menus, rings."""
    if answer.status != 200:
        yield f"answered {answer.status}"
    if not page.title() or page.locator("h1:visible").count() != 1:
        yield f"titled {page.title()!r}, {page.locator('h1:visible').count()} first headings"
    yield from violations(page)
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    yield from page.evaluate(FORCED)
    page.emulate_media(forced_colors="none", reduced_motion="no-preference")
    for width in NARROWER:
        page.set_viewport_size({"width": width, "height": 844})
        too_wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if too_wide > 0:
            yield f"{too_wide} px too wide for {width}"
    page.evaluate("document.querySelectorAll('details').forEach((menu) => (menu.open = true))")
    for width in (320, 390):
        page.set_viewport_size({"width": width, "height": 844})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            yield f"an open menu is too wide for {width} px"
    yield from violations(page)
    page.set_viewport_size(WIDE)
    page.keyboard.press("Tab")
    yield from page.evaluate(UNRINGED)
