"""What there is to decide, in sentences."""

from __future__ import annotations


def story() -> list[str]:
    """The four tensions of the demo company, for the documentation."""
    return [
        "Spring beyond the Mower Line: from March to May the market wants about twice what the line makes in "
        "a month. The changeover to the Silent mower halves its hours in November and December, so building "
        "ahead starts in January and, with overtime, covers only part. Dealers and chains wait, online shops "
        "do not.",
        "A supplier at its limit: Padana Plast delivers all irrigation and, by contract, hardly more a month "
        "than the year's mean. The summer must be bought ahead from January, or partly from Eastgrove, "
        "dearer and two months away; the contract talks are in January and February.",
        "Too much of the wrong stock: hand tools lie for about eight months, because output was not cut "
        "when a chain dropped them. Selling the stock down frees money, room and hours on two machines.",
        "A promotion in the wrong month: the Mower Weeks are planned for May, when the line is full: they "
        "give price away and bring late orders. In June or July, when they used to run, there are hours for "
        "them.",
    ]
