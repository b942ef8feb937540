"""What there is to decide, in sentences."""

from __future__ import annotations


def story() -> list[str]:
    """The four tensions of the demo company, for the documentation."""
    return [
        "Spring beyond the Mower Line: from March to May the market wants about twice what the line makes in "
        "a month. The changeover to the Silent mower takes half of its hours until mid-January, so building "
        "ahead starts late and, with overtime, covers only part. Dealers and chains wait, at a cost; online "
        "shops do not.",
        "A supplier at its limit: Padana Plast delivers all irrigation and, by contract, a little less a "
        "month than the year's mean. The summer must be bought ahead from winter on, and in part from "
        "Eastgrove, dearer and two months away; the contract talks are in January and February.",
        "Too much of the wrong stock: hand tools lie for about eight months, because output was not cut when "
        "a chain dropped them. Selling the stock down frees money, room and hours on two machines.",
        "A promotion in the wrong month: the Mower Weeks are planned for May, when the line is full. There "
        "they give price away and bring late orders; in July, near their old date, there are hours for them.",
    ]
