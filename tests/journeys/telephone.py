"""A doctor on the telephone: what is written down while they speak."""

from tests.journeys.conftest import Person


def fill_an_emergency(someone: Person) -> None:
    """What a doctor in A&E can give, on the page of a new referral."""
    page = someone.page
    page.get_by_label("Children and young people").check()
    page.get_by_label("Emergency", exact=True).check()
    page.get_by_label("Why it cannot wait").fill("The ward cannot keep her safe tonight")
    page.get_by_label("Referring organisation").select_option(label="Brackendale Community Team")
    page.get_by_label("Kind of place").select_option(label="Home")
    page.get_by_label("Where the person is now").first.fill("A&E, Calder Royal, cubicle 4")
    page.get_by_label("Call-back number").fill("01632 960001")
    page.get_by_label("Family name", exact=True).fill("O'Neill-Ábrahám")
    page.get_by_label("Given name").fill("Aoife")
    born = page.get_by_role("group", name="Date of birth")
    born.get_by_label("Day").fill("14")
    born.get_by_label("Month").fill("9")
    born.get_by_label("Year").fill("2011")
    page.get_by_label("Basis of consent").select_option(index=1)
    page.get_by_label("Legal status", exact=True).select_option(label="Informal")
    page.get_by_label("Immediate risk").fill("Has said tonight that she will run")
