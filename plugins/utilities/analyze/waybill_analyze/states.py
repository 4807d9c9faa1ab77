"""The 27 states of Brazil as tiles of a grid, each near its place on the map.

A tile is as large as any other, so that Sergipe can be seen beside Amazonas; the places are our own.
"""

from __future__ import annotations

from functools import cache

import pandas as pd

_GRID = """
.. RR .. AP .. ..
.. AM PA MA CE RN
AC RO TO PI PE PB
.. MT GO BA SE AL
.. MS DF MG ES ..
.. .. SP RJ .. ..
.. .. PR .. .. ..
.. .. SC .. .. ..
.. .. RS .. .. ..
"""
NAMES = {
    "AC": "Acre", "AL": "Alagoas", "AM": "Amazonas", "AP": "Amapá", "BA": "Bahia", "CE": "Ceará",
    "DF": "Distrito Federal", "ES": "Espírito Santo", "GO": "Goiás", "MA": "Maranhão",
    "MG": "Minas Gerais", "MS": "Mato Grosso do Sul", "MT": "Mato Grosso", "PA": "Pará",
    "PB": "Paraíba", "PE": "Pernambuco", "PI": "Piauí", "PR": "Paraná", "RJ": "Rio de Janeiro",
    "RN": "Rio Grande do Norte", "RO": "Rondônia", "RR": "Roraima", "RS": "Rio Grande do Sul",
    "SC": "Santa Catarina", "SE": "Sergipe", "SP": "São Paulo", "TO": "Tocantins",
}  # fmt: skip


@cache
def tiles() -> pd.DataFrame:
    """A row for each state: `code`, `name`, and `row` and `column` of its tile, from 0."""
    return pd.DataFrame(
        [
            {"code": code, "name": NAMES[code], "row": row, "column": column}
            for row, line in enumerate(_GRID.split("\n")[1:-1])
            for column, code in enumerate(line.split())
            if code != ".."
        ]
    )
