"""A doctor on the telephone: what is written down while they speak."""

from tests.journeys.conftest import Person


def fill_an_emergency(someone: Person) -> None:
    """What a doctor in A&E can give, on the page for emergencies, by keyboard from the first box to the last."""
    page = someone.page
    service = page.get_by_label("Children and young people")
    service.focus()
    page.keyboard.press("Space")
    if page.get_by_label("Referring organisation").count():
        _next(someone, "Referring organisation", "Brackendale")
    _next(someone, "Family name", "O'Neill-Ábrahám")
    _next(someone, "Given name", "Aoife")
    for part, said in (("Day", "14"), ("Month", "9"), ("Year", "2011")):
        _next(someone, part, said)
    _next(someone, "NHS number", "")
    _next(someone, "Why there is no name or NHS number", "")
    _next(someone, "Kind of place", "A&E")
    _next(someone, "Where the person is now", "Calder Royal, cubicle 4")
    _next(someone, "Call-back number", "01632 960001")
    _next(someone, "Why it cannot wait", "The ward cannot keep her safe tonight")
    _next(someone, "Immediate risk", "Has said tonight that she will run")
    _next(someone, "Legal status", "Informal")
    _next(someone, "Consent, or the lawful basis without it", "Direct")


def send_an_emergency(someone: Person) -> None:
    """From the page as it opens to the receipt."""
    fill_an_emergency(someone)
    _next(someone, "Send now", "")
    someone.page.keyboard.press("Enter")
    someone.says("The emergency referral is sent")


def _next(someone: Person, label: str, said: str) -> None:
    """One press of Tab must be enough to reach it; typing picks from a list by its first letters."""
    someone.page.keyboard.press("Tab")
    focused = someone.page.evaluate("(document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim()")
    assert focused == label, f"Tab reached {focused!r}, not {label!r}"
    someone.page.keyboard.type(said)
