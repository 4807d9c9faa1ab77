"""Brazil as the samples know it: states with their share of orders, zip codes, capitals and towns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from waybill_sources.draws import Draw, Weighted, fraction

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Observation = tuple[str, str, str, str, str]
"""A row of the geolocation file: prefix, latitude, longitude, city, state."""

DEGREE = 10**14
"""Units of a coordinate in one degree: the files carry up to fourteen decimals."""

_STATES: tuple[tuple[str, int, int, int, float, float, tuple[str, ...]], ...] = (
    # state, orders per 10,000, first and last zip prefix, latitude, longitude, towns by zip prefix
    (
        "SP",
        4198,
        1000,
        19999,
        -22.9,
        -47.2,
        ("são paulo", "guarulhos", "santos", "campinas", "ribeirão preto", "bauru"),
    ),
    (
        "RJ",
        1292,
        20000,
        28999,
        -22.7,
        -43.0,
        ("rio de janeiro", "niterói", "petrópolis", "cabo frio"),
    ),
    (
        "MG",
        1170,
        30000,
        39999,
        -19.3,
        -44.3,
        ("belo horizonte", "juiz de fora", "uberlândia", "montes claros"),
    ),
    (
        "RS",
        550,
        90000,
        99999,
        -29.9,
        -52.0,
        ("porto alegre", "caxias do sul", "pelotas", "santa maria"),
    ),
    (
        "PR",
        507,
        80000,
        87999,
        -24.6,
        -51.1,
        ("curitiba", "ponta grossa", "londrina", "4o. centenario", "maringá"),
    ),
    ("SC", 366, 88000, 89999, -27.2, -49.7, ("florianópolis", "joinville", "chapecó", "são josé")),
    (
        "BA",
        340,
        40000,
        48999,
        -13.2,
        -40.0,
        ("salvador", "feira de santana", "vitória da conquista", "dias d'avila"),
    ),
    ("DF", 215, 70000, 72799, -15.8, -47.9, ("brasília",)),
    ("ES", 204, 29000, 29999, -20.2, -40.5, ("vitória", "vila velha", "serra")),
    ("GO", 203, 73700, 76799, -16.4, -49.4, ("goiânia", "anápolis", "rio verde")),
    ("PE", 166, 50000, 56999, -8.2, -35.6, ("recife", "olinda", "caruaru", "petrolina")),
    ("CE", 134, 60000, 63999, -4.2, -38.9, ("fortaleza", "caucaia", "sobral")),
    ("PA", 98, 66000, 68899, -2.1, -48.8, ("belém", "ananindeua", "santarém")),
    ("MT", 91, 78000, 78899, -14.9, -55.9, ("cuiabá", "várzea grande", "sinop")),
    ("MA", 75, 65000, 65999, -3.8, -45.0, ("são luís", "imperatriz")),
    ("MS", 72, 79000, 79999, -21.0, -54.9, ("campo grande", "dourados")),
    ("PB", 54, 58000, 58999, -7.1, -35.8, ("joão pessoa", "campina grande")),
    ("PI", 50, 64000, 64999, -6.2, -42.4, ("teresina", "parnaíba")),
    ("RN", 49, 59000, 59999, -5.7, -36.0, ("natal", "mossoró")),
    ("AL", 42, 57000, 57999, -9.6, -36.1, ("maceió", "arapiraca")),
    ("SE", 35, 49000, 49999, -10.8, -37.2, ("aracaju", "itabaiana")),
    ("TO", 28, 77000, 77999, -9.6, -48.5, ("palmas", "araguaína")),
    ("RO", 26, 76800, 76999, -10.2, -62.4, ("porto velho", "ji-paraná")),
    ("AM", 15, 69000, 69299, -3.1, -60.2, ("manaus",)),
    ("AC", 8, 69900, 69999, -9.8, -68.4, ("rio branco",)),
    ("AP", 7, 68900, 68999, 0.3, -51.2, ("macapá",)),
    ("RR", 5, 69300, 69399, 2.6, -60.8, ("boa vista",)),
)

_BY_ORDERS = Weighted.of({state: state[1] for state in _STATES})
_WITHOUT_ACCENTS = str.maketrans("áâãàéêíóôõúüç", "aaaaeeiooouuc")
_UNKNOWN_TO_GEOLOCATION = 0.009
_OBSERVATIONS = 10


@dataclass(frozen=True, slots=True)
class Place:
    """A zip code prefix and where it is.

    Attributes:
        prefix: Five digits, leading zeros kept.
        latitude: Degrees.
        longitude: Degrees.
        accented: The city's name with its accents.
    """

    prefix: str
    city: str
    state: str
    latitude: float
    longitude: float
    accented: str


def place(draw: Draw) -> Place:
    """A place where a customer lives; low prefixes, which are the capitals', are more common."""
    state, _, first, last, latitude, longitude, cities = draw.weighted(_BY_ORDERS)
    share = draw.unit()
    share *= (1 + share) / 2
    accented = cities[int(share * len(cities))]
    return Place(
        prefix=f"{first + int(share * (last - first + 1)):05d}",
        city=accented.translate(_WITHOUT_ACCENTS),
        state=state,
        latitude=latitude,
        longitude=longitude,
        accented=accented,
    )


def _degrees(middle: float, draw: Draw) -> str:
    """A coordinate near `middle` with up to fourteen decimals, made without rounding."""
    units = int(middle * 10) * (DEGREE // 10) + draw.integer(-DEGREE // 2, DEGREE // 2)
    whole, decimals = divmod(abs(units), DEGREE)
    return f"{'-' if units < 0 else ''}{whole}.{decimals:014d}".rstrip("0")


def observations(seed: int, draw: Draw, places: Sequence[Place]) -> Iterator[Observation]:
    """Ten or fewer rows of the geolocation file, about a quarter of them exact duplicates.

    Args:
        seed: Decides the few prefixes that are never observed.
        draw: Decides the rows.
        places: What is observed: first once each, then the first of them, and places elsewhere.

    Yields:
        Prefix, latitude, longitude, city and state.
    """
    row: Observation | None = None
    for number in range(_OBSERVATIONS):
        if row is None or number < len(places) or draw.chance(0.71):
            here = places[number] if number < len(places) else places[0]
            if number == _OBSERVATIONS - 1:
                here = place(draw)
            if fraction(seed, "unknown", here.prefix) < _UNKNOWN_TO_GEOLOCATION:
                continue
            city = here.accented if draw.chance(0.2) else here.city
            latitude, longitude = _degrees(here.latitude, draw), _degrees(here.longitude, draw)
            row = (here.prefix, latitude, longitude, city, here.state)
        yield row
