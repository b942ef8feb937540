"""Master data of the demo company, as tables that can be read at a glance.

Larkfield Garden Equipment makes battery mowers, trimmers and blowers in Brescia and grills and hand tools
in Izmir, buys irrigation, and serves five regions from three warehouses. Company, suppliers and products
are invented; magnitudes are those of a mid-size maker.

`units` is a year's demand at today's level; `material` is what one unit costs before labour and machine
hours; `peak` names the row of SEASONS; cost of labour and machines comes from ROUTINGS x RESOURCES.
"""

from __future__ import annotations

from sop_core.demo.literal import table

NAME = "Larkfield Garden Equipment"

PRODUCTS = table("""
product | name                         | family     | price | material | units  | policy | pallet | base
MOW-33  | Battery mower 33 cm          | Mowers     |   149 |       71 |  26000 | MTS    |      8 |
MOW-37  | Battery mower 37 cm          | Mowers     |   189 |       89 |  34000 | MTS    |      8 |
MOW-40  | Silent mower 40 cm           | Mowers     |   229 |      106 |      0 | MTS    |      6 | MOW-37
MOW-42  | Battery mower 42 cm          | Mowers     |   259 |      124 |  20000 | MTS    |      6 |
MOW-46  | Self-propelled mower 46 cm   | Mowers     |   339 |      166 |  11000 | MTS    |      4 |
ROB-800 | Robot mower 800 m2           | Mowers     |   459 |      232 |   6000 | MTS    |     12 |
RID-92  | Ride-on mower 92 cm          | Mowers     |  1690 |      905 |    700 | MTO    |      1 |
TRM-25  | Grass trimmer 25 cm          | Trimmers   |    49 |       23 |  42000 | MTS    |     40 |
TRM-30  | Battery trimmer 30 cm        | Trimmers   |    79 |       38 |  36000 | MTS    |     36 |
HDG-45  | Hedge cutter 45 cm           | Trimmers   |    59 |       30 |  14000 | MTS    |     36 |
HDG-55  | Battery hedge cutter 55 cm   | Trimmers   |    85 |       41 |  30000 | MTS    |     30 |
HDG-60  | Professional hedge cutter 60 | Trimmers   |   125 |       59 |  17000 | MTS    |     24 |
TRM-36  | Brushless trimmer 36 cm      | Trimmers   |   109 |       50 |      0 | MTS    |     30 | TRM-30
BLW-18  | Leaf blower 18 V             | Blowers    |    55 |       26 |  40000 | MTS    |     40 |
BLW-36  | Leaf blower 36 V             | Blowers    |    99 |       47 |  26000 | MTS    |     30 |
VAC-30  | Leaf vacuum 30 l             | Blowers    |   119 |       58 |  14000 | MTS    |     18 |
BLW-80  | Backpack blower 80 V         | Blowers    |   329 |      163 |   1600 | MTO    |     12 |
GRL-K47 | Charcoal kettle 47 cm        | Grills     |    69 |       31 |  34000 | MTS    |     12 |
GRL-G2  | Gas grill 2 burners          | Grills     |   159 |       74 |  24000 | MTS    |      6 |
GRL-G3  | Gas grill 3 burners          | Grills     |   239 |      112 |  20000 | MTS    |      4 |
GRL-G4  | Gas grill 4 burners          | Grills     |   349 |      168 |   9000 | MTS    |      3 |
GRL-P60 | Plancha 60 cm                | Grills     |   129 |       58 |  10000 | MTS    |     16 |
GRL-S40 | Pellet smoker 40 cm          | Grills     |   389 |      185 |      0 | MTS    |      3 | GRL-G4
HOS-30  | Garden hose set 30 m         | Irrigation |    44 |     25.6 |  92000 | MTS    |     48 |
REE-25  | Wall hose reel 25 m          | Irrigation |    89 |     52.0 |  42000 | MTS    |     16 |
SPR-12  | Sprinkler set                | Irrigation |    31 |     17.8 |  80000 | MTS    |     80 |
DRP-50  | Drip irrigation kit 50 m2    | Irrigation |    59 |     34.5 |  38000 | MTS    |     40 |
TIM-2   | Watering computer            | Irrigation |    68 |     39.5 |  34000 | MTS    |    120 |
SPD-2   | Spade and fork set           | Hand tools |    36 |     15.6 |  48000 | MTS    |     60 |
RAK-2   | Rake and hoe set             | Hand tools |    29 |     12.4 |  56000 | MTS    |     60 |
PRN-2   | Pruner and lopper set        | Hand tools |    41 |     17.2 |  50000 | MTS    |    150 |
DIG-15  | Post hole digger             | Hand tools |    46 |     20.5 |   3600 | MTS    |     60 |
""")

# Months since launch at the last closed month, for products younger than the history; and how often a month
# has any demand, for the intermittent ones.
YOUNG = {"ROB-800": 20, "GRL-P60": 8}
INTERMITTENT = {"BLW-80": 0.55, "DIG-15": 0.65}

# `growth` a year; `service` the cycle service level; `target_days` safety stock; `noise` of a month's demand;
# `elasticity`: percent of demand that one percent of price moves.
FAMILIES = table("""
family     | category    | home    | growth | service | target_days | noise | elasticity
Mowers     | Powered     | Brescia |   0.06 |    0.96 |          18 |  0.07 |       -1.1
Trimmers   | Powered     | Brescia |   0.03 |    0.95 |          20 |  0.06 |       -1.4
Blowers    | Powered     | Brescia |   0.02 |    0.95 |          20 |  0.08 |       -1.2
Grills     | Outdoor     | Izmir   |   0.02 |    0.95 |          30 |  0.06 |       -1.0
Irrigation | Garden care | Brescia |   0.05 |    0.96 |          22 |  0.06 |       -1.6
Hand tools | Garden care | Izmir   |  -0.05 |    0.93 |          25 |  0.05 |       -1.3
""")

# Demand index by calendar month; each row is brought to a mean of 1.
SEASONS = table("""
family     | Jan  | Feb  | Mar  | Apr  | May  | Jun  | Jul  | Aug  | Sep  | Oct  | Nov  | Dec
Mowers     | 0.30 | 0.75 | 1.85 | 2.55 | 2.25 | 1.25 | 0.75 | 0.50 | 0.50 | 0.45 | 0.40 | 0.45
Trimmers   | 0.40 | 0.60 | 1.00 | 1.45 | 1.70 | 1.65 | 1.35 | 1.10 | 1.00 | 0.75 | 0.50 | 0.50
Blowers    | 0.60 | 0.50 | 0.55 | 0.60 | 0.60 | 0.60 | 0.65 | 0.85 | 1.45 | 2.20 | 2.15 | 1.25
Grills     | 0.45 | 0.70 | 1.20 | 1.55 | 1.60 | 1.50 | 1.25 | 0.90 | 0.70 | 0.60 | 0.70 | 0.85
Irrigation | 0.40 | 0.60 | 1.00 | 1.35 | 1.65 | 1.80 | 1.60 | 1.15 | 0.75 | 0.55 | 0.50 | 0.65
Hand tools | 0.60 | 0.95 | 1.50 | 1.60 | 1.35 | 0.95 | 0.75 | 0.75 | 1.05 | 1.10 | 0.75 | 0.65
""")

# Stock wanted at the end of each calendar month, in months of the mean of the coming three months' demand:
# what the plants steered by in the past. Mowers and irrigation are built ahead of their season.
COVER = table("""
family     | Jan  | Feb  | Mar  | Apr  | May  | Jun  | Jul  | Aug  | Sep  | Oct  | Nov  | Dec
Mowers     | 2.30 | 2.10 | 1.70 | 1.30 | 1.00 | 0.80 | 0.80 | 0.90 | 1.10 | 1.20 | 2.60 | 2.80
Trimmers   | 1.20 | 1.20 | 1.10 | 1.00 | 1.00 | 1.00 | 1.00 | 1.00 | 1.00 | 1.10 | 1.20 | 1.20
Blowers    | 1.10 | 1.10 | 1.10 | 1.10 | 1.20 | 1.30 | 1.20 | 1.10 | 1.10 | 1.00 | 0.90 | 1.00
Grills     | 1.80 | 1.80 | 1.70 | 1.60 | 1.50 | 1.50 | 1.50 | 1.50 | 1.60 | 1.70 | 1.80 | 1.80
Irrigation | 2.70 | 2.60 | 2.40 | 2.20 | 1.80 | 1.40 | 1.20 | 1.10 | 1.20 | 1.50 | 2.20 | 2.70
Hand tools | 1.80 | 1.80 | 1.70 | 1.60 | 1.60 | 1.60 | 1.60 | 1.60 | 1.60 | 1.60 | 1.70 | 1.80
""")

REGIONS = table("""
region  | name                   | country     | group
Italy   | Italy                  | Italy       | South
DACH    | Germany, Austria, CH   | Germany     | Centre
France  | France and Benelux     | France      | Centre
Nordics | Nordic countries       | Sweden      | North
East    | Central Eastern Europe | Poland      | East
""")

# Part of each family's demand by region (brought to 1), and growth a year beside the family's own.
REGION_MIX = table("""
region  | Mowers | Trimmers | Blowers | Grills | Irrigation | Hand tools | growth
Italy   |   0.24 |     0.27 |    0.20 |   0.20 |       0.35 |       0.28 | -0.025
DACH    |   0.31 |     0.30 |    0.33 |   0.37 |       0.24 |       0.29 | -0.005
France  |   0.20 |     0.21 |    0.20 |   0.22 |       0.22 |       0.19 |  0.000
Nordics |   0.12 |     0.09 |    0.14 |   0.11 |       0.05 |       0.08 |  0.025
East    |   0.13 |     0.13 |    0.13 |   0.10 |       0.14 |       0.16 |  0.050
""")

SEGMENTS = table("""
segment    | name                 | priority | backorders
Dealers    | Specialist dealers   |        1 | true
DIY chains | DIY, garden retail   |      2 | true
Online     | Online shops         |        3 | false
""")

# Part of each family's demand by segment (brought to 1), growth beside the family's own, realised price.
SEGMENT_MIX = table("""
segment    | Mowers | Trimmers | Blowers | Grills | Irrigation | Hand tools | growth | realised
Dealers    |   0.44 |     0.36 |    0.40 |   0.30 |       0.22 |       0.26 | -0.030 |    1.005
DIY chains |   0.37 |     0.42 |    0.38 |   0.46 |       0.56 |       0.56 |  0.000 |    0.985
Online     |   0.19 |     0.22 |    0.22 |   0.24 |       0.22 |       0.18 |  0.060 |    1.010
""")

SITES = table("""
site    | name               | kind      | region  | storage_capacity | storage_cost
Brescia | Brescia plant      | plant     | Italy   |            60000 | 0.06
Izmir   | Izmir plant        | plant     |         |            90000 | 0.05
Verona  | Verona warehouse   | warehouse | Italy   |           130000 | 0.09
Kassel  | Kassel warehouse   | warehouse | DACH    |           110000 | 0.10
Lille   | Lille warehouse    | warehouse | France  |            70000 | 0.10
""")

# Behind the lines stand people (WORKFORCE) with wages, so a regular hour itself costs nothing there.
# `overtime` and `shift` in hours a month; overtime_cost an hour, shift_cost a month.
RESOURCES = table("""
resource   | site    | name               | hours | overtime | hour_cost | overtime_cost | shift | shift_cost
Mower Line | Brescia | Mower assembly     |  7400 |      900 |         0 |            35 |       |
Tool Line  | Brescia | Tools assembly     |       |      850 |         0 |            34 |       |
Moulding   | Brescia | Injection moulding |  2900 |      380 |        24 |            36 |   650 |      21000
Grill Line | Izmir   | Grill assembly     |       |      800 |         0 |            13 |       |
Forming    | Izmir   | Metal forming      |  3600 |      500 |        15 |          22.5 |   800 |      15000
Coating    | Izmir   | Powder coating     |  2500 |      380 |        18 |            27 |       |
""")

# What an hour adds to a product's standard cost: people's wages and charges, or the machine's cost.
HOUR_RATES = {
    "Mower Line": 24,
    "Tool Line": 23,
    "Moulding": 24,
    "Grill Line": 9,
    "Forming": 15,
    "Coating": 18,
}

WORKFORCE = table("""
resource   | heads | hours_per_day | wage | overtime | hire_cost | release_cost | fewest | most
Mower Line |    38 |           7.6 | 3400 |       20 |      2800 |         6500 |     36 |   39
Tool Line  |    40 |           7.6 | 3300 |       20 |      2600 |         6500 |     36 |   46
Grill Line |    34 |           9.0 | 1550 |       22 |       900 |         2200 |     30 |   40
""")

# Working days that fall out, by calendar month: public holidays and the yearly closing.
DAYS_OFF = {
    "Brescia": (2, 0, 0, 1, 1, 1, 0, 10, 0, 0, 1, 5),
    "Izmir": (1, 0, 1, 2, 2, 0, 1, 5, 0, 1, 0, 2),
}

# Hours a unit takes at each resource, made where its family is at home.
ROUTINGS = table("""
product | Mower Line | Tool Line | Moulding | Grill Line | Forming | Coating
MOW-33  |       0.50 |           |    0.070 |            |         |
MOW-37  |       0.55 |           |    0.080 |            |         |
MOW-40  |       0.60 |           |    0.080 |            |         |
MOW-42  |       0.65 |           |    0.090 |            |         |
MOW-46  |       0.80 |           |    0.100 |            |         |
ROB-800 |       0.90 |           |    0.110 |            |         |
RID-92  |       5.00 |           |    0.250 |            |         |
TRM-25  |            |      0.18 |    0.050 |            |         |
TRM-30  |            |      0.25 |    0.060 |            |         |
HDG-45  |            |      0.20 |    0.050 |            |         |
HDG-55  |            |      0.24 |    0.055 |            |         |
HDG-60  |            |      0.32 |    0.060 |            |         |
TRM-36  |            |      0.27 |    0.060 |            |         |
BLW-18  |            |      0.18 |    0.060 |            |         |
BLW-36  |            |      0.28 |    0.070 |            |         |
VAC-30  |            |      0.38 |    0.090 |            |         |
BLW-80  |            |      1.10 |    0.120 |            |         |
GRL-K47 |            |           |          |       0.22 |    0.12 |    0.10
GRL-G2  |            |           |          |       0.55 |    0.25 |    0.18
GRL-G3  |            |           |          |       0.70 |    0.30 |    0.22
GRL-G4  |            |           |          |       1.00 |    0.40 |    0.30
GRL-P60 |            |           |          |       0.35 |    0.15 |    0.08
GRL-S40 |            |           |          |       1.05 |    0.45 |    0.32
SPD-2   |            |           |          |            |   0.060 |   0.036
RAK-2   |            |           |          |            |   0.045 |   0.028
PRN-2   |            |           |          |            |   0.050 |   0.024
DIG-15  |            |           |          |            |   0.080 |   0.050
""")

# Another way to get a product, at a higher cost. `extra` is added to the product's material cost.
ALTERNATIVES = table("""
source           | product | site   | kind        | supplier       | extra | lead | most | resource   | hours
MOW-37 Izmir     | MOW-37  | Izmir  | make        |                |    15 |    0 |  350 | Grill Line |  0.75
MOW-33 Elbtal    | MOW-33  | Kassel | subcontract | Elbtal Montage |    34 |    0 |  400 |            |
HOS-30 Eastgrove | HOS-30  | Kassel | buy         | Eastgrove      |   5.4 |    2 | 1200 |            |
SPR-12 Eastgrove | SPR-12  | Kassel | buy         | Eastgrove      |   4.1 |    2 | 1000 |            |
""")

SUPPLIERS = table("""
supplier       | name                     | lead_months | reliability
Padana Plast   | Padana Plast Mouldings   |           1 | 0.96
Eastgrove      | Eastgrove Garden Trading |           2 | 0.88
Elbtal Montage | Elbtal Montage Service   |           0 | 0.94
Volterra Cells | Volterra Cell Systems    |           2 | 0.93
Nordrive       | Nordrive Motors          |           1 | 0.97
Ege Celik      | Ege Steel Service        |           1 | 0.98
""")

# Irrigation comes from one supplier: at least and at most these parts of next year's mean month.
CONTRACT_SUPPLIER = "Padana Plast"
CONTRACT_SITE = "Brescia"
CONTRACT_MINIMUM = 0.45
CONTRACT_MAXIMUM = 0.94
# The contract that ended with the last closed month allowed more.
FORMER_MAXIMUM = 1.08

# The materials' price is part of each product's material cost.
MATERIALS = table("""
material    | supplier       | unit  | unit_cost | lead_months | min_quantity | max_quantity | on_hand
Battery 40V | Volterra Cells | piece |        27 |           2 |         6000 |        24000 |   52000
Motor BL    | Nordrive       | piece |        14 |           1 |         5000 |        26000 |   30000
Sheet steel | Ege Celik      | kg    |      1.15 |           1 |        60000 |       420000 |  380000
""")

BOM = table("""
product | Battery 40V | Motor BL | Sheet steel
MOW-33  |           1 |        1 |
MOW-37  |           1 |        1 |
MOW-40  |           1 |        1 |
MOW-42  |           1 |        1 |
MOW-46  |           2 |        1 |
ROB-800 |           1 |        2 |
TRM-30  |           1 |          |
TRM-36  |           1 |        1 |
HDG-55  |           1 |          |
BLW-36  |           1 |          |
GRL-K47 |             |          | 5.5
GRL-G2  |             |          | 17
GRL-G3  |             |          | 24
GRL-G4  |             |          | 33
GRL-P60 |             |          | 9
GRL-S40 |             |          | 38
SPD-2   |             |          | 3.4
RAK-2   |             |          | 1.8
""")

LANES = table("""
origin  | destination | unit_cost | lead_months
Brescia | Verona      |      0.35 | 0
Brescia | Kassel      |      0.99 | 0
Brescia | Lille       |      1.06 | 0
Izmir   | Verona      |      1.12 | 1
Izmir   | Kassel      |      1.31 | 1
Izmir   | Lille       |      1.38 | 1
Verona  | Italy       |      0.99 | 0
Verona  | DACH        |      1.68 | 0
Verona  | France      |      1.76 | 0
Verona  | East        |      1.84 | 0
Kassel  | DACH        |      0.96 | 0
Kassel  | Nordics     |      1.76 | 0
Kassel  | East        |      1.36 | 0
Lille   | France      |      1.02 | 0
Lille   | Nordics     |      2.08 | 0
Brescia | Italy       |      1.60 | 0
Brescia | DACH        |      2.48 | 0
""")

# How stock is spread: the part at the plant (Izmir: with goods on the road), the rest as regions are served.
PLANT_PART = {"Brescia": 0.10, "Izmir": 0.30}
SERVED_FROM = {"Italy": "Verona", "DACH": "Kassel", "France": "Lille", "Nordics": "Kassel", "East": "Verona"}

# Money over the planning horizon; direction blank = the KPI's own.
TARGETS = table("""
kpi            | target   | direction | tolerance
service_level  |    0.985 | up        |     0.005
fill_rate      |    0.995 | up        |     0.002
margin         | 45500000 | up        |    200000
stock_value    |  3500000 | down      |    150000
days_of_supply |       35 |           |         8
turns          |     11.5 | up        |       0.5
utilisation    |     0.78 |           |      0.06
forecast_bias  |     0.00 |           |      0.03
""")
