"""Colours shared by pages, charts and pictures."""

from __future__ import annotations

KINDS = {"normal": "#0072B2", "stiff": "#E69F00", "fused": "#CC3311", "implant": "#009E73"}
"""Colour of each kind of joint, told apart by colour-blind readers too."""
INK = "#1c2530"
FAINT = "#8a94a0"

BONE, RAY2, CARTILAGE, SPUR, BAND, SKIN, BLOCK, METAL = (
    "#efe3c8", "#b9c4cf", "#2a9d8f", "#d1495b", "#c98d3e", "#e8b59a", "#d7dbe0", "#56616d",
)  # fmt: skip
"""Colours of tissues; ``SPUR`` is bone that grew where there was none."""
