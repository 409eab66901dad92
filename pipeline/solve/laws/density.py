"""The energy of a whole model: all its laws in one form, with parameters constant in each cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigError, MeshError
from pipeline.solve.laws.kinematics import IDENTITY, Expr
from pipeline.solve.laws.table import LAWS, Law
from pipeline.solve.mpi import global_sum, raise_together

from dolfinx import fem, mesh  # isort: skip

Cells = NDArray[np.int64]


def energy_density(
    domain: mesh.Mesh,
    region_of_cells: NDArray[Any],
    materials: Mapping[Any, Any],
    fibres: fem.Function | None = None,
) -> Callable[[Expr], Expr]:
    """Strain energy density of a model as a function of the deformation gradient. Collective.

    The form holds every law that a material has; in cells of another law its parameters are 0. Laws that
    take the logarithm of the volume see F = 1 in cells whose law does not, so that a cell of a linear
    material may turn over without making the whole form not a number.

    Args:
        domain: the mesh.
        region_of_cells: number of the region of each local cell, owned then ghosts, shape (cells,).
        materials: material of every such number.
        fibres: direction of the fibres, one vector of any length in each cell (space DG0 of vectors);
            read now, and only in cells whose law has fibres.

    Returns:
        Function of F, shape (3, 3), giving the energy per reference volume, scalar, MPa.

    Raises:
        ConfigError: a law is not known, a region has no material, or a law needs fibres and there are none.
        MeshError: a cell whose law has fibres has no direction.
    """
    kinds = sorted({material.law for material in materials.values()})
    if unknown := [kind for kind in kinds if kind not in LAWS]:
        raise ConfigError(f"materials: law {', '.join(unknown)} is not known; known: {', '.join(LAWS)}")
    regions = np.asarray(region_of_cells, dtype=np.int64)
    _every_region_has_a_material(domain, regions, materials)
    space = fem.functionspace(domain, ("DG", 0))
    laws = [(LAWS[kind], _parameters(space, regions, materials, kind)) for kind in kinds]
    careful = _share(space, regions, materials, lambda law: law.needs_volume)
    fibrous = _share(space, regions, materials, lambda law: law.needs_fibre)
    fibre = None if fibrous is None else _unit_fibres(domain, regions, materials, fibres)

    def density(F: Expr) -> Expr:
        guarded = F
        if isinstance(careful, fem.Function):
            guarded = IDENTITY + careful * (F - IDENTITY)
        parts = []
        for law, values in laws:
            extra = {"fibre": fibre} if law.needs_fibre else {}
            parts.append(law.energy(guarded if law.needs_volume else F, *values, **extra))
        return sum(parts[1:], parts[0])

    return density


def _every_region_has_a_material(domain: mesh.Mesh, regions: Cells, materials: Mapping[Any, Any]) -> None:
    """Raise on all ranks if a cell anywhere has a region without a material. Collective."""
    absent = sorted({int(region) for region in regions} - {int(region) for region in materials})
    fault = f"cells of region {', '.join(map(str, absent))} have no material" if absent else None
    raise_together(domain.comm, fault, ConfigError)


def _of_cells(regions: Cells, materials: Mapping[Any, Any], values: Callable[[Any], Any]) -> NDArray[Any]:
    """Value of each local cell, (cells, ...), from a function of its material."""
    numbers = np.array([int(region) for region in materials])
    order = np.argsort(numbers)
    table = np.array([values(material) for material in materials.values()], dtype=np.float64)
    return np.asarray(table[order][np.searchsorted(numbers[order], regions)])


def _parameters(
    space: fem.FunctionSpace, regions: Cells, materials: Mapping[Any, Any], kind: str
) -> list[fem.Function | float]:
    """One field for each parameter of a law; plain 0 for a parameter that is 0 in all materials."""
    law = LAWS[kind]
    none = (0.0,) * len(law.names)

    def values(material: Any) -> tuple[float, ...]:
        return law.parameters(material) if material.law == kind else none

    used = np.any([values(material) for material in materials.values()], axis=0)
    columns = _of_cells(regions, materials, values).T
    return [
        _field(space, f"{kind}_{name}", column) if any_material else 0.0
        for name, column, any_material in zip(law.names, columns, used, strict=True)
    ]


def _share(
    space: fem.FunctionSpace, regions: Cells, materials: Mapping[Any, Any], has: Callable[[Law], bool]
) -> fem.Function | float | None:
    """1 in cells whose law has a property and 0 elsewhere; 1.0 or None if all materials or none have it."""
    found = {has(LAWS[material.law]) for material in materials.values()}
    if found != {True, False}:
        return 1.0 if True in found else None
    return _field(space, "share", _of_cells(regions, materials, lambda m: float(has(LAWS[m.law]))))


def _unit_fibres(
    domain: mesh.Mesh, regions: Cells, materials: Mapping[Any, Any], fibres: fem.Function | None
) -> fem.Function:
    """Unit vector along the fibres of each cell; the x axis in cells whose law has none. Collective."""
    fibrous = {material.law for material in materials.values() if LAWS[material.law].needs_fibre}
    if fibres is None:
        raise ConfigError(f"materials: law {', '.join(sorted(fibrous))} needs the direction of fibres")
    used = _of_cells(regions, materials, lambda material: LAWS[material.law].needs_fibre) > 0.0
    space = fem.functionspace(domain, ("DG", 0, (3,)))
    given = fibres.x.array.reshape(-1, 3)[fibres.function_space.dofmap.list[: len(regions), 0]]
    length = np.linalg.norm(given, axis=1)
    lost = global_sum(domain.comm, int(np.count_nonzero(used & ~(length > 0.0))))
    if lost:
        raise MeshError(f"{lost} cells of a law with fibres have no direction of fibres")
    units = np.tile([1.0, 0.0, 0.0], (len(regions), 1))
    units[used] = given[used] / length[used, None]
    return _field(space, "fibre", units)


def _field(space: fem.FunctionSpace, name: str, values: NDArray[Any]) -> fem.Function:
    """A function that is constant in each cell, from its value in each local cell."""
    field = fem.Function(space, name=name)
    rows = field.x.array.reshape(-1, space.dofmap.index_map_bs)
    rows[space.dofmap.list[: len(values), 0]] = values.reshape(len(values), -1)
    field.x.scatter_forward()
    return field
