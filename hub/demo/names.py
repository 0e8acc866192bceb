"""Invented names for the demo: everyday ones, and ones that trip up careless programs."""

from __future__ import annotations

from typing import Final

GIVEN: Final = (
    *("Amara", "Bethan", "Callum", "Daisy", "Eli", "Freya", "George", "Hanif", "Isla", "Jonah", "Keira", "Leon"),
    *("Maryam", "Nadia", "Oscar", "Poppy", "Quentin", "Rosa", "Samir", "Tilly", "Usman", "Violet", "Will", "Yasmin"),
    *("Zara", "Alfie", "Bryony", "Connor", "Dilys", "Ewan", "Farah", "Grace", "Harvey", "Imogen", "Jude", "Kit"),
)
FAMILY: Final = (
    *("Ackerby", "Barrowdale", "Cinderhall", "Dunnock", "Eskdale", "Fernley", "Garthwick", "Holloway", "Iveson"),
    *("Jessop", "Kelbrook", "Langstrath", "Marrick", "Netherby", "Oduya", "Penhallow", "Quarmby", "Rawthorpe"),
    *("Sedgewell", "Thackley", "Umpleby", "Varley", "Wetherhill", "Yardsley", "Amin", "Bhatti", "Chowdry", "Adeyemi"),
    *("Kowal", "Petrescu", "Mensah", "Rahman"),
)
STAFF: Final = (
    *(
        "Dr Fern Abbotsley",
        "Dr Kwame Asante-Hill",
        "Sister Joan Dale",
        "Dr Priti Lal",
        "Owen Marsh",
        "Dr Siân Prothero",
    ),
    *("Ruth Calloway", "Dr Tomasz Zielny", "Nurse Abi Coker", "Dr Ines Duarte", "Hamza Yusuf", "Dr Leah Marchetti"),
)

# Given name, family name. Some spaces at the ends and one accent written as two characters are meant.
AWKWARD: Final[tuple[tuple[str, str], ...]] = (
    ("Zoë", "O'Neill-Ábrahám"),
    ("Thị Hương", "Nguyễn"),
    ("Łukasz", "Wójcik"),
    ("نور", "العلي"),
    ("Ó", "Mac Giolla Phádraig"),
    ("X", "Y"),
    ("Joy", "D\u2019Arcy"),
    ("  Maya ", " Saint-Clair  "),
    ("Zoe\u0308", "Bronte\u0308"),
    ("I\u015f\u0131l", "Çelik"),
    ("Björk", "Þórsdóttir"),
    ("נועה", "בר-לב"),
    ("明", "李"),
    ("Ngozi", "Ng"),
    ("True", "Null"),
    ("Åse", "Øvergård"),
    ("María José", "de la Cruz y Ortiz"),
    ("Jan", "van der Berg"),
    ("Wilhelmina Alexandra Constance", "Featherstonehaugh-Cholmondeley-Marjoribanks-Wriothesley of the Upper Dale"),
    ("Kai", "Ka\u02bbahu"),
    ("A.J.", "Smith-Jones"),
    ("Šárka", "Šimůnková"),
    ("Weiß", "Groß"),
    ("Ngũgĩ", "wa Thiore"),
    ("Test", "Patience"),
    ("Lê", "Ô"),
    ("Ion", "Țepuș"),
    ("Ελένη", "Παππά"),
    ("Оксана", "Левко"),
    ("ਜਸਲੀਨ", "ਕੌਰ"),
)
