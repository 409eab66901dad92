"""Which cases share a mesh, and whether they can: the same foot, standing alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config import Case, read_case, sized
from pipeline.errors import ConfigError
from pipeline.mesh.posture import Posture, stand
from pipeline.mesh.shaping import BONES, shaping_of
from pipeline.stage import code_hash, sha256_of_data, versions

PACKAGES = ("gmsh", "numpy", "scipy")

KINDS = ("normal", "stiff", "fused", "implant")
"""Order of the members by their joint: where surfaces nearly coincide, the first member's is meshed."""

CODE = ("mesh", "config/instants", "moment_law", "regions", "tetrahedron")
"""Sources that may change a mesh, beside the configuration, of which the values count."""

SAME_MM, SAME_AXIS = 1e-3, 1e-5
"""How far origins (mm) and unit vectors of members that stand alike may differ: an angle in degrees with
three decimals will do. All then stand as the first one, to the last digit."""

ALIKE = (
    "set posture.instant, posture.mtp1_dorsiflexion_deg and, of a fused joint, dorsiflexion_to_mt1_deg, "
    "valgus_deg, rotation_deg and shortening_mm so that the toes point alike, and joint_space_mm less "
    "head_flattening_mm so that the phalanges stand as far away"
)


@dataclass(frozen=True)
class Family:
    """A case and those it shares its mesh with, each shape once, in an order that all of them agree on.

    Attributes:
        cases: the members.
        own: place of the case among them.
        digests: hash of what shapes each.
    """

    cases: tuple[Case, ...]
    own: int
    digests: tuple[str, ...]

    @classmethod
    def of(cls, case: Case) -> Family:
        """Family of a case.

        Raises:
            ConfigError: a member or a surface file cannot be read.
        """
        cases = [*(read_case(Path(file))[0] for file in case.mesh.shared_with or ()), case]
        digests = [sha256_of_data(shaping_of(each)) for each in cases]
        found = dict(zip(digests, cases, strict=True))
        order = sorted(found, key=lambda digest: (KINDS.index(found[digest].joint.kind), digest))
        return cls(tuple(found[digest] for digest in order), order.index(digests[-1]), tuple(order))

    @cached_property
    def key(self) -> str:
        """Hash of all that shapes the mesh: the members and the code."""
        code = code_hash(*CODE, without=("mesh/picture",))
        return sha256_of_data([self.digests, code, versions(*PACKAGES)])

    @property
    def mesh_key(self) -> str:
        """Hash of all that makes the case's own files: the family's mesh and which member it is."""
        return self.key if len(self.cases) == 1 else sha256_of_data([self.key, self.digests[self.own]])

    def require(self) -> None:
        """Check that every member names the same family, differs in the joint alone and stands alike.

        Raises:
            ConfigError: one does not; names it and what differs.
        """
        if len(self.cases) > 1:
            require_mutual(self)
            require_alike(self.cases)
            stand_alike([sized(case) for case in self.cases])


def require_mutual(family: Family) -> None:
    """Check that every member names the same family.

    Raises:
        ConfigError: one shares its mesh with others, or with none.
    """
    for case in family.cases:
        other = Family.of(case)
        if other.digests != family.digests:
            names = " and ".join(each.name for each in other.cases if each.name != case.name) or "none"
            raise ConfigError(
                f"mesh.shared_with: {family.cases[family.own].name} shares its mesh with {case.name}, which "
                f"shares its own with {names}; name the same cases in each"
            )


def require_alike(cases: Sequence[Case]) -> None:
    """Check that all cases have the same foot, shoe, floor and mesh settings.

    Raises:
        ConfigError: names the member and the keys.
    """
    first, *others = [shaping_of(case) for case in cases]
    for case, other in zip(cases[1:], others, strict=True):
        found = [
            text
            for block in first.keys() - {"joint", "posture"}
            for text in differences(first[block], other[block], block)
        ]
        if found:
            raise ConfigError(
                f"mesh.shared_with: {case.name} is not of the same foot and mesh as {cases[0].name}: "
                f"{'; '.join(sorted(found))}; set them alike to share a mesh"
            )


def differences(first: Any, second: Any, path: str) -> Iterator[str]:
    """Keys at which the second block is not as the first, with both values."""
    if isinstance(first, dict) and isinstance(second, dict):
        for key in {**first, **second}:
            yield from differences(first.get(key), second.get(key), f"{path}.{key}")
    elif first != second:
        yield f"{path} is {second}, not {first}"


def stand_alike(cases: Sequence[Case]) -> Posture:
    """The posture in which all cases stand, that of the first.

    Args:
        cases: each in its size (see `pipeline.config.sized`).

    Raises:
        ConfigError: one has no posture, or stands otherwise than the first; says by how much.
    """
    first, *others = [stand(case) for case in cases]
    for case, posture in zip(cases[1:], others, strict=True):
        found = list(offsets(first, posture))
        if found:
            raise ConfigError(
                f"mesh.shared_with: {case.name} does not stand as {cases[0].name}: {'; '.join(found)} "
                f"(MTP1 dorsiflexion {posture.mtp1_dorsiflexion_deg:.4f} against "
                f"{first.mtp1_dorsiflexion_deg:.4f} degrees); {ALIKE}"
            )
    return first


def offsets(first: Posture, second: Posture) -> Iterator[str]:
    """Bones that stand elsewhere in the second posture, and by how much."""
    for name in BONES:
        one, other = getattr(first, name), getattr(second, name)
        away = float(np.linalg.norm(one.origin - other.origin))
        turned = max(float(np.linalg.norm(getattr(one, k) - getattr(other, k))) for k in ("axis", "dorsal"))
        if away > SAME_MM:
            yield f"{name} is {away:.3g} mm away"
        if turned > SAME_AXIS:
            yield f"{name} is turned by {np.degrees(turned):.3g} degrees"
