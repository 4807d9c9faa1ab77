"""Names for the totesys samples; made up, but for countries."""

from __future__ import annotations

DEPARTMENTS = (
    # name, location, manager
    ("Sales", "Manchester", "Ines Calder"),
    ("Purchasing", "Manchester", "Tom Okafor"),
    ("Production", "Leeds", "Wilma Brandt"),
    ("Dispatch", "Leeeds", "Pat O'Rourke"),
    ("Finance", "Manchester", "Sunil Mehra"),
    ("Facilities", "Manchester", "Greta Lind"),
    ("Communications", "Leeds", "Aaron Pike"),
    ("HR", "Leeds", "Joy Mbeki"),
)
"""One location is misspelt, as in many a real table; a next day mends it."""

FIRST_NAMES = (
    "Ada", "Bruno", "Chloe", "Dmitri", "Elif", "Farid", "Gwen", "Hugo", "Iris", "Jonas",
    "Kaia", "Luca", "Mina", "Nils", "Oona", "Pavel", "Quinn", "Rosa", "Stefan", "Thea",
)  # fmt: skip
LAST_NAMES = (
    "Abara", "Byrne", "Castell", "D'Arcy", "Eriksen", "Fontana", "Grove", "Haddad", "Ivanova", "Jansen",
    "Kowal", "Lindqvist", "Marsh", "Novak", "O'Neill", "Petrov", "Quist", "Rossi", "Sato", "Turner",
)  # fmt: skip
FIRMS = (
    "Alder and Sons", "Bright Harbour Ltd", "Castell, Grove and Marsh", "Dunmore Textiles", "Eastgate Group",
    "Fenwick-Sato", "Granary Goods", "Hollow Oak Inc", "Ironbridge Supply", "Juniper & Co",
    "Kestrel Trading", "Larkfield LLC", "Moorland Bags", "Northbank Partners", "O'Neill Freight",
    "Pinewood Union", "Quayside Stores", "Redfern, Rossi and Byrne", "Saltmarsh Works", "Tidewater Inc",
)  # fmt: skip
STREETS = (
    "Mill Lane",
    "Harbour Road",
    "Station Street",
    "Orchard Close",
    "King's Parade",
    "Foundry Row",
)
BUILDINGS = ("Unit 4", "Second Floor", "The Old Dairy", "Block C")
DISTRICTS = ("Avon", "Borders", "Kent", "Lothian", "Powys", "Rutland")
TOWNS = (
    "Ashcombe", "Brackwell", "Coldstow", "Dunholm", "Eastmere", "Farrowby", "Glenhurst", "Hartsea", "Inverlea", "Kirkdale",
)  # fmt: skip
COUNTRIES = (
    "Austria", "Bolivia", "Cabo Verde", "Denmark", "Estonia", "Fiji", "Ghana", "Honduras", "Iceland", "Jamaica",
    "Kenya", "Latvia", "Malta", "Nepal", "Oman", "Peru", "Qatar", "Republic of Korea", "Samoa", "Togo",
    "Uganda", "Vanuatu", "Wallis and Futuna", "Yemen", "Zambia", "Bosnia and Herzegovina", "Cote d'Ivoire",
    "Portugal", "New Zealand", "Sri Lanka",
)  # fmt: skip
MATERIALS = ("Canvas", "Leather", "Linen", "Jute", "Nylon", "Felt", "Denim", "Wicker")
FOLDERS = (
    "/usr/share/designs",
    "/srv/designs",
    "/opt/totes",
    "/home/design/My Files",
    "/var/lib/totes",
)
PAYMENT_TYPES = ("SALES_RECEIPT", "SALES_REFUND", "PURCHASE_PAYMENT", "PURCHASE_REFUND")
CURRENCIES = ("GBP", "USD", "EUR")
