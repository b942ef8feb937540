"""What happened and what is planned, placed relative to the season the story is about.

`years` counts from the season's year (0 = the coming spring); months are calendar months.
"""

from __future__ import annotations

from dataclasses import dataclass

from sop_core.demo.literal import table

# The planned Mower Weeks fall in May, when the line is full; in the past they ran in June and July.
# `pull`: part of the next month's demand that is bought early; `price`: change of price.
PROMOTIONS = table("""
name         | product | family  | region | segment    | years | from  | to    | uplift | pull | price | cost
Mower Weeks  |         | Mowers  | All    | All        |    -3 | 06-16 | 07-15 |   0.36 | 0.05 | -0.06 | 32000
Mower Weeks  |         | Mowers  | All    | All        |    -2 | 06-16 | 07-15 |   0.40 | 0.05 | -0.06 | 36000
Mower Weeks  |         | Mowers  | All    | All        |     0 | 05-01 | 05-31 |   0.40 | 0.05 | -0.06 | 36000
Grill Opener | GRL-G3  |         | All    | All        |    -4 | 04-05 | 05-04 |   0.30 | 0.08 | -0.07 | 18000
Grill Opener | GRL-G3  |         | All    | All        |    -2 | 04-05 | 05-04 |   0.34 | 0.08 | -0.07 | 20000
Grill Opener | GRL-G3  |         | All    | All        |    -1 | 04-05 | 05-04 |   0.33 | 0.08 | -0.07 | 20000
Grill Opener | GRL-G3  |         | All    | All        |     0 | 04-05 | 05-04 |   0.33 | 0.08 | -0.07 | 21000
Leaf Weeks   |         | Blowers | All    | DIY chains |    -4 | 10-01 | 10-31 |   0.25 | 0.06 | -0.06 | 12000
Leaf Weeks   |         | Blowers | All    | DIY chains |    -2 | 10-01 | 10-31 |   0.28 | 0.06 | -0.06 | 14000
Hose Bundle  | HOS-30  |         | Italy  | DIY chains |    -2 | 06-01 | 06-30 |   0.45 | 0.10 | -0.10 |  9000
Black Week   | BLW-36  |         | All    | Online     |    -2 | 11-20 | 11-30 |   0.55 | 0.05 | -0.12 |  8000
Black Week   | BLW-36  |         | All    | Online     |    -1 | 11-20 | 11-30 |   0.60 | 0.05 | -0.12 |  8000
""")


# Price list: factor on all prices of a family from that month on; today's price is the one in PRODUCTS.
PRICE_CHANGES = table("""
family     | years | month | factor
Mowers     |    -4 |     1 | 1.050
Trimmers   |    -4 |     1 | 1.050
Blowers    |    -4 |     1 | 1.050
Grills     |    -4 |     1 | 1.045
Irrigation |    -4 |     1 | 1.060
Hand tools |    -4 |     1 | 1.040
Mowers     |    -2 |     1 | 1.025
Trimmers   |    -2 |     1 | 1.020
Grills     |    -2 |     1 | 1.025
Irrigation |    -1 |     1 | 1.030
Irrigation |     0 |     2 | 1.030
""")

# Months in which a product came short: `part` of the planned output arrived.
TROUBLE = table("""
product | years | month | part
TRM-30  |    -3 |     7 | 0.05
TRM-30  |    -3 |     8 | 0.00
MOW-37  |    -1 |     5 | 0.25
SPR-12  |    -1 |     6 | 0.10
SPR-12  |    -1 |     7 | 0.60
""")
# The same in the last two closed months, which leaves orders late at the start of the plan.
LATE_NOW = {"BLW-36": (0.25, 0.10), "VAC-30": (0.45, 0.20), "RID-92": (1.0, 0.60)}

# A chain sends back the rest of its season: more comes back than is sold there in that month.
RETURNS = table("""
product | region | segment    | years | month | quantity
MOW-33  | DACH   | DIY chains |    -2 |     9 |      420
""")

# Hand tools: output was never cut when demand fell, so cover grew over the last months.
OVERSTOCK_FAMILY = "Hand tools"
OVERSTOCK_MONTHS = 14
OVERSTOCK_COVER = 8.0


# Products ahead: each resembles another and takes volume from it. `month` is one of the season's year, `years` later.
LAUNCHES = table("""
product | like_product | years | month | scale | ramp | probability | cannibalises | rate | stage
MOW-40  | MOW-37       |     0 |     2 |  0.30 |    4 |        0.90 | MOW-37       | 0.35 | ready
TRM-36  | TRM-30       |     0 |     9 |  0.45 |    6 |        0.60 | TRM-30       | 0.40 | development
GRL-S40 | GRL-G4       |     1 |     3 |  0.35 |    5 |        0.30 | GRL-G4       | 0.15 | concept
""")


@dataclass(frozen=True)
class PhaseOut:
    """A product that ends with `month` of the season's year; its demand has changed by `decline` a year."""

    product: str = "HDG-45"
    month: int = 6
    decline: float = -0.12


PHASE_OUT = PhaseOut()

# The Mower Line closes in part for the changeover to the Silent mower: regular and overtime hours left, by
# years from the season and month.
CHANGEOVER = {(-1, 11): (3000.0, 300.0), (-1, 12): (1600.0, 200.0), (0, 1): (3600.0, 300.0)}

# Part of the month's hours that machines run in the months of the yearly closing.
CLOSINGS = {"Moulding": {8: 0.60, 12: 0.85}, "Forming": {8: 0.80}, "Coating": {8: 0.80}}

EVENTS = table("""
event                            | kind     | years | from  | to    | scope      | impact | owner
Changeover of the Mower Line     | internal |    -1 | 11-09 | 01-14 | Mowers     |      0 | Operations
Launch of the Silent mower 40 cm | internal |     0 | 02-01 |       | Mowers     |      0 | Product management
Contract talks with Padana Plast | internal |     0 | 01-15 | 02-28 | Irrigation |      0 | Purchasing
New retail listing in Poland     | external |     0 | 03-01 |       | East       |   0.03 | Sales East
Chain in France cuts hand tools  | external |    -1 | 02-01 |       | Hand tools |      0 | Sales France
Index clause on battery cells    | external |     0 | 01-01 | 12-31 | Mowers     |      0 | Purchasing
""")
EVENT_NOTES = {
    "Changeover of the Mower Line": "Stations for the Silent mower; about half of the line's hours are lost.",
    "Launch of the Silent mower 40 cm": "Takes part of its volume from the 37 cm mower.",
    "Contract talks with Padana Plast": "The monthly minimum and maximum are agreed for a calendar year.",
    "New retail listing in Poland": "140 stores; listing signed.",
    "Chain in France cuts hand tools": "Already in the sales history; output was not cut.",
    "Index clause on battery cells": "At most +4 % on the cell price; not in the plan yet.",
}

# Budget: by how much it lies over what the market lets expect, and its margin on revenue.
BUDGET = table("""
family     | stretch | margin
Mowers     |   1.030 |  0.380
Trimmers   |   1.010 |  0.370
Blowers    |   1.000 |  0.390
Grills     |   1.020 |  0.400
Irrigation |   1.020 |  0.330
Hand tools |   1.090 |  0.400
""")

# A city's tender: one order far above what is usual there, which will not come again.
ONE_OFFS = table("""
product | region  | segment | years | month | quantity
HDG-60  | Nordics | Dealers |    -2 |     9 |     2600
""")

# How many days of the running month have passed when the orders at hand were taken from the books, and the part
# of a month's make-to-order demand that is known when the month begins.
ORDERS_UNTIL = 14
KNOWN_AHEAD = 0.55

# Who answers for the sales input of a region, and their habits: a factor on what the statistics say.
OWNERS = table("""
region  | owner
Italy   | Chiara Fontana
DACH    | Jonas Brandt
France  | Camille Moreau
Nordics | Elin Nygard
East    | Piotr Zielinski
""")
SALES_HABITS = table("""
region  | family     | factor
DACH    | Blowers    |   1.22
DACH    | Trimmers   |   1.06
France  | Hand tools |   1.18
Italy   | Irrigation |   0.93
East    |            |   1.04
""")
