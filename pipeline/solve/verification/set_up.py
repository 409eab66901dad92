"""Words in which the benchmarks are written: parts of a boundary, loads, supports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.solve.body import Expr, Load
from pipeline.solve.level import Floats, Support

import ufl  # isort: skip
from dolfinx import fem, mesh  # isort: skip

Marker = Callable[[Floats], NDArray[np.bool_]]
"""Which of some places, (3, n), belong to a part of the boundary."""

SURFACE_DEGREE = 4
"""Exact for the work of a following pressure with quadratic displacement."""


def plane(axis: int, position: float) -> Marker:
    """The plane x_axis = position."""
    return lambda x: np.asarray(np.isclose(x[axis], position, rtol=1e-9, atol=1e-9))


def cylinder(radius: float) -> Marker:
    """The cylinder of a radius about the z axis."""
    return lambda x: np.asarray(np.isclose(np.hypot(x[0], x[1]), radius, rtol=1e-9))


def sphere(radius: float, height: float = 0.0) -> Marker:
    """The sphere of a radius about (0, 0, height)."""
    away = np.array([[0.0], [0.0], [height]])
    return lambda x: np.asarray(np.isclose(np.linalg.norm(x - away, axis=0), radius, rtol=1e-9))


def tagged(domain: mesh.Mesh, *markers: Marker) -> mesh.MeshTags:
    """Boundary facets whose vertices all satisfy one of the markers, with the tag 1. Collective."""
    parts = [mesh.locate_entities_boundary(domain, 2, marker) for marker in markers]
    facets = np.unique(np.concatenate(parts)).astype(np.int32)
    return mesh.meshtags(domain, 2, facets, np.ones(len(facets), dtype=np.int32))


def surface(domain: mesh.Mesh, *markers: Marker, degree: int = SURFACE_DEGREE) -> ufl.Measure:
    """Area measure of the boundary facets whose vertices all satisfy one of the markers. Collective.

    One form can have one set of facets only, so all loads of a body go over one such measure.
    """
    facets = tagged(domain, *markers)
    metadata = {"quadrature_degree": degree}
    return ufl.Measure("ds", domain=domain, subdomain_data=facets, metadata=metadata)(1)


def constant(domain: mesh.Mesh, value: Any) -> fem.Constant:
    """A number or vector of a form, which can be changed without compiling it anew."""
    return fem.Constant(domain, np.asarray(value, dtype=np.float64))


def traction(value: Expr, ds: ufl.Measure) -> Load:
    """Dead traction per unloaded area, (3,), MPa."""
    return lambda _, v: ufl.inner(value, v) * ds


def body_force(value: Expr, dx: ufl.Measure) -> Load:
    """Dead force per unloaded volume, (3,), N/mm^3."""
    return lambda _, v: ufl.inner(value, v) * dx


def pressure(value: Expr, ds: ufl.Measure) -> Load:
    r"""Pressure that follows the surface: its work is :math:`-p \int \operatorname{cof}(F) N \cdot v\, dA`.

    Args:
        value: the pressure p on the deformed surface, MPa.
        ds: the unloaded surface, with outward normal N.
    """

    def work(u: Expr, v: Expr) -> ufl.Form:
        F = ufl.Identity(3) + ufl.grad(u)
        normal = ufl.FacetNormal(ds.ufl_domain())
        return -value * ufl.inner(ufl.det(F) * ufl.inv(F).T * normal, v) * ds

    return work


def shift(along_x: float, along_z: float) -> Callable[[Floats], Floats]:
    """Displacement of a support, the same everywhere, (3, n)."""
    return lambda x: np.zeros_like(x) + np.array([[along_x], [0.0], [along_z]])


def held_everywhere(domain: mesh.Mesh, component: int) -> Support:
    """Support of one component of all nodes: plane strain."""
    cells = np.arange(domain.topology.index_map(3).size_local, dtype=np.int32)
    return Support(3, cells, (component,))
