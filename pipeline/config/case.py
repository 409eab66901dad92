"""A case: one foot with one variant of the joint, its load, its mesh and its solver."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from pipeline.config.anatomy import Anatomy, Patient
from pipeline.config.articulation import Articulation
from pipeline.config.cables import BaseLaw, Cables
from pipeline.config.instants import AtInstants
from pipeline.config.joint import CALLUS, FusedJoint, Joint
from pipeline.config.materials import (
    COMMON_REGIONS,
    Material,
    MaterialName,
    region_faults,
    tissue_schema,
    unfit_materials,
)
from pipeline.config.posture import Floor, Posture, Shoe
from pipeline.config.sourced import FaultsError, Length, Percent, Strict, Tolerance, advice
from pipeline.regions import Region
from pipeline.units import body_weight_N

CaseName = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9_-]+$",
        max_length=64,
        json_schema_extra=advice("write name: with only a to z, 0 to 9, _ and -"),
    ),
]
SHOE_LAYERS = {
    Region.SHOE_INSOLE: "insole",
    Region.SHOE_PLATE: "plate",
    Region.SHOE_OUTSOLE: "outsole",
}
"""Layers of a shoe from the foot down, and their names in a case."""

Title = Annotated[
    str, Field(pattern=r"^[^\r\n]+$", max_length=200, json_schema_extra=advice("write one line of text"))
]


class Load(Strict):
    """Force of the floor on the two rays."""

    vertical_force_bodyweight_percent: AtInstants[Percent] = Field(
        description="Vertical floor force under both rays in percent of body weight"
    )
    steps: Annotated[int, Field(ge=1, le=1000)] = Field(description="Number of load steps up to that force")


CaseFiles = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(strict=False, max_length=8)]


class Mesh(Strict):
    """Fineness of the mesh."""

    level: Literal["coarse", "medium", "fine", "xfine"] = Field(
        description="coarse for a look, fine and xfine for quoting stress"
    )
    size_joint_mm: Length = Field(description="Edge length at the joints at level medium")
    size_cortex_mm: Length = Field(description="Edge length in cortex and hardware at level medium")
    size_bone_mm: Length = Field(description="Edge length in ligaments and at bone surfaces at level medium")
    size_soft_mm: Length = Field(description="Edge length in soft tissue at level medium")
    target_dofs: Annotated[int, Field(ge=10_000, le=100_000_000)] | None = Field(
        default=None, description="Displacement unknowns wanted; takes the place of the level"
    )
    shared_with: CaseFiles | None = Field(
        default=None,
        description="Case files of the variants, which stand alike, whose cells are also this case's, so "
        "that a difference is not one of meshes; a relative path starts at the file that names it",
    )


class Solver(Strict):
    """How the equations are solved."""

    linear: Literal["multigrid", "direct"] = Field(
        description="Linear solver: multigrid, or direct (more memory)"
    )
    linear_rtol: Tolerance = Field(description="Linear solver stops at this fraction of the first residual")
    newton_rtol: Tolerance = Field(description="Newton stops at this fraction of the target force")
    max_newton: Annotated[int, Field(ge=1, le=1000)] = Field(description="Newton iterations before giving up")


class Output(Strict):
    """Where results go."""

    folder: Annotated[str, Field(min_length=1)] = Field(
        default="results", description="Folder of the results, relative to the working folder"
    )


class Case(Strict):
    """Everything the line needs to know about one foot.

    Units: mm, N, MPa, degrees, kg, percent of body weight; each key ends in its own.
    """

    name: CaseName = Field(
        description="Name of the case and its folder: a to z, 0 to 9, _ and -; by default the file's name"
    )
    title: Title = Field(description="One line for the report")
    patient: Patient = Field(description="The person")
    anatomy: Anatomy = Field(description="Shape of bones and soft parts")
    posture: Posture = Field(description="Angles of the foot at the chosen instant of stance")
    joint: Joint = Field(description="First metatarsophalangeal joint: kind normal, stiff, fused or implant")
    materials: Annotated[dict[MaterialName, Material], Field(min_length=1)] = Field(
        description="Materials by name"
    )
    tissues: dict[str, str] = Field(
        description="Material of every region outside the joint",
        json_schema_extra=tissue_schema(COMMON_REGIONS),
    )
    articulation: Articulation = Field(description="How the joints move: bonded or sliding")
    cables: Cables | None = Field(
        default=None, description="Tendons, fascia and ligaments as cables beside the meshed bands"
    )
    tmt1_law: BaseLaw | None = Field(
        default=None,
        description="Moment of the first tarsometatarsal joint against the turn of the metatarsal",
    )
    load: Load = Field(description="Force of the floor")
    floor: Floor = Field(description="The floor")
    shoe: Shoe | None = Field(default=None, description="Sole of a shoe under the foot; absent: barefoot")
    mesh: Mesh = Field(description="Fineness of the mesh")
    solver: Solver = Field(description="How the equations are solved")
    output: Output = Field(default=Output(), description="Where results go")

    @field_validator("tissues")
    @classmethod
    def _every_common_region(cls, tissues: dict[str, str]) -> dict[str, str]:
        faults = region_faults(tissues, COMMON_REGIONS, (Region.SKIN,))
        if faults:
            raise FaultsError(faults)
        return tissues

    @model_validator(mode="after")
    def _materials_exist(self) -> Case:
        faults = material_faults(self.tissues, self.joint.tissues, self.materials)
        faults += self._unfit({**self._shoe_materials(), **self._callus_material()})
        if self.anatomy.skin_mm is not None and Region.SKIN.label not in self.tissues:
            faults.append((("tissues", Region.SKIN.label), "missing; anatomy.skin_mm makes it a tissue"))
        if faults:
            raise FaultsError(faults)
        return self

    def _shoe_materials(self) -> dict[tuple[str, ...], str]:
        """Material of each layer of the shoe by its place in the case."""
        if self.shoe is None:
            return {}
        layers = SHOE_LAYERS.values()
        return {("shoe", layer, "material"): getattr(self.shoe, layer).material for layer in layers}

    def _callus_material(self) -> dict[tuple[str, ...], str]:
        """Material of the callus by the place that chooses it."""
        if not isinstance(self.joint, FusedJoint):
            return {}
        return {("joint", "healing"): f"{CALLUS}{self.joint.healing}"}

    def _unfit(self, named: dict[tuple[str, ...], str]) -> list[tuple[tuple[str, ...], str]]:
        """Place and text of every name that stands for no material, or for one with fibres."""
        table = {".".join(path): name for path, name in named.items()}
        return [(tuple(label.split(".")), text) for label, text in unfit_materials(table, self.materials)]

    @property
    def target_force_N(self) -> float:
        """Vertical floor force to reach, N: share of body weight times body weight."""
        share = self.load.vertical_force_bodyweight_percent.at(self.posture.instant) / 100.0
        return share * body_weight_N(self.patient.body_mass_kg.value)

    def materials_by_region(self) -> dict[Region, Material]:
        """Material of every region this variant has, in the order of the region numbers."""
        names = {**self.tissues, **self.joint.tissues}
        if self.anatomy.skin_mm is None:
            names.pop(Region.SKIN.label, None)
        if self.shoe is not None:
            names |= {
                region.label: getattr(self.shoe, layer).material for region, layer in SHOE_LAYERS.items()
            }
        if isinstance(self.joint, FusedJoint):
            names[Region.MTP1_GAP.label] = f"{CALLUS}{self.joint.healing}"
        return {region: self.materials[names[region.label]] for region in Region if region.label in names}

    def resolved(self) -> dict[str, Any]:
        """The whole case as plain data for JSON, inherited values and defaults filled in."""
        return self.model_dump(mode="json", exclude_none=True)


def material_faults(tissues: Any, joint_tissues: Any, materials: Any) -> list[tuple[tuple[str, ...], str]]:
    """Path and text for every tissue, common or of the joint, whose material is not defined or not for it.

    Takes validated or raw data, so that these faults are found beside others; what is no table is
    passed over.
    """
    if not isinstance(materials, dict):
        return []
    tables = ((("tissues",), tissues), (("joint", "tissues"), joint_tissues))
    return [
        ((*place, label), text)
        for place, table in tables
        if isinstance(table, dict)
        for label, text in unfit_materials(table, materials)
    ]
