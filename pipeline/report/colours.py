"""Colours shared by page, charts and pictures."""

from __future__ import annotations

KINDS = {"normal": "#0072B2", "stiff": "#E69F00", "fused": "#CC3311"}
"""Colour of each kind of joint, told apart by colour-blind readers too."""
INK = "#1c2530"
FAINT = "#8a94a0"
