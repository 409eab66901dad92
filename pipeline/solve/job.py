"""The solve stage: reads a case and a mesh folder, writes a result folder."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import stage
from pipeline.config import Case, load_case
from pipeline.errors import ConfigError, ConvergenceError, MeshError
from pipeline.solve.analysis import Analysis, Clock, Problem, peak_memory_GB, run_steps, set_up
from pipeline.solve.articulation import Joint, opened
from pipeline.solve.fibres import fibres_of
from pipeline.solve.fields import collect
from pipeline.solve.floor import FloorProfile
from pipeline.solve.joints import contacts_of
from pipeline.solve.key import LANDMARKS_FILE, MESH_FILE, STAGE, solve_key
from pipeline.solve.linear import LinearSettings
from pipeline.solve.mesh_file import MeshFile, check_attached, read_mesh_file
from pipeline.solve.mpi import on_root
from pipeline.solve.output import FIELDS, LAST_GOOD, STEPS, Log, Status, prepare_folder, write_fields
from pipeline.solve.tendons import attached_terms

from mpi4py import MPI  # isort: skip

PACKAGES = ("fenics-dolfinx", "petsc4py", "mpi4py", "numpy", "h5py", "meshio")


@dataclass(frozen=True)
class Job:
    """Where a solve reads and writes, and on how many ranks it is to run."""

    case: Path
    mesh: Path
    out: Path
    ranks: int


@dataclass(frozen=True)
class Inputs:
    """What rank 0 read, for all ranks: the case as plain data, the key of the stage, the landmarks."""

    data: dict[str, Any]
    key: str
    geometry: dict[str, Any]

    @property
    def case(self) -> Case:
        """The case, built again from its data: its classes are made at run time and cannot travel."""
        return Case.model_validate(self.data)


def read_geometry(mesh: Path) -> dict[str, Any]:
    """Landmarks of the foot in the mesh, ``geometry.json``.

    Raises:
        MeshError: the file is missing or damaged.
    """
    path = mesh / LANDMARKS_FILE
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        profile_of(data)
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise MeshError(f"{path}: cannot be read ({fault}); run the mesh stage again") from None
    return data


def profile_of(geometry: dict[str, Any]) -> FloorProfile:
    """Height of the floor that the mesh stage built the foot on."""
    rocker = geometry.get("rocker") or {}
    return FloorProfile(float(geometry["floor_z_mm"]), **{key: float(rocker[key]) for key in rocker})


def read_mesh(folder: Path, case: Case) -> MeshFile:
    """The checked mesh of a case, its joint spaces open if its joints slide. Call on one rank only.

    Raises:
        MeshError: see :func:`read_mesh_file`; or opening the joints has set a part loose.
    """
    path = folder / MESH_FILE
    file = read_mesh_file(path, case.materials_by_region().keys())
    if case.articulation.mode == "bonded":
        return file
    file = opened(file, Joint)
    check_attached(path, file)
    return file


def problem_of(case: Case, geometry: dict[str, Any]) -> Problem:
    """The mechanical problem a case describes, with the landmarks of its mesh."""
    materials = case.materials_by_region()
    return Problem(
        materials=materials,
        penalty_MPa_per_mm=case.floor.penalty_MPa_per_mm.value,
        target_force_N=case.target_force_N,
        steps=case.load.steps,
        linear=LinearSettings(kind=case.solver.linear, rtol=case.solver.linear_rtol),
        newton_rtol=case.solver.newton_rtol,
        max_newton=case.solver.max_newton,
        profile=profile_of(geometry),
        fibres=lambda foot: fibres_of(materials, geometry, foot),
        contacts=lambda foot, body: contacts_of(case, foot, body),
        attached=lambda foot, body: attached_terms(case, geometry, foot, body),
    )


def run_job(comm: MPI.Comm, job: Job) -> None:
    """Run the stage; on return the manifest is in place. Collective.

    Raises:
        FirstRayError: on all ranks alike; nothing then says that the stage is done.
    """
    begin = time.perf_counter()
    on_root(comm, lambda: _begin(comm, job))
    mesh: list[MeshFile] = []
    inputs = on_root(comm, lambda: _read(job, mesh))
    file = mesh[0] if mesh else None
    log = Log(job.out, comm.rank)
    problem = problem_of(inputs.case, inputs.geometry)
    log.detail(f"case {inputs.data['name']}, {comm.size} rank(s), target {problem.target_force_N:.3f} N")
    analysis = set_up(comm, file, problem, log.detail)
    try:
        run_steps(analysis, problem, log.line, log.detail)
    except ConvergenceError:
        _keep_last_good(job, inputs, file, analysis)
        raise
    _finish(comm, job, inputs, file, analysis, log, begin)


def _begin(comm: MPI.Comm, job: Job) -> None:
    """Check ranks and folder, and mark the stage as running. Rank 0."""
    if comm.size != job.ranks:
        raise ConfigError(
            f"{job.ranks} rank(s) asked for but {comm.size} started; the mpirun in use is not the "
            "one of the MPI library that mpi4py was built with, or the call is missing mpirun -n"
        )
    prepare_folder(job.out)
    stage.begin(job.out, STAGE)
    Status(job.out).set("running")


def _read(job: Job, mesh: list[MeshFile]) -> Inputs:
    """Read and check case and mesh; the mesh is put into the list. Rank 0."""
    case = load_case(job.case)
    mesh.append(read_mesh(job.mesh, case))
    return Inputs(case.resolved(), solve_key(case, job.mesh), read_geometry(job.mesh))


def _keep_last_good(job: Job, inputs: Inputs, file: MeshFile | None, analysis: Analysis) -> None:
    """Write the state of the last converged step, if there is one, to be looked at. Collective."""
    if not analysis.steps:
        return
    fields = collect(analysis.foot, analysis.body, analysis.floor)
    if file is not None and fields is not None:
        share = analysis.steps[-1]["share"]
        write_fields(
            job.out / LAST_GOOD, file, fields, {"case": str(inputs.data["name"]), "share_of_load": share}
        )


def _finish(
    comm: MPI.Comm,
    job: Job,
    inputs: Inputs,
    file: MeshFile | None,
    analysis: Analysis,
    log: Log,
    begin: float,
) -> None:
    """Collect the fields, write everything, the manifest last. Collective."""
    clock = Clock()
    fields = collect(analysis.foot, analysis.body, analysis.floor)
    reaction = analysis.reaction_N().tolist()
    clock.lap("fields")
    memory = peak_memory_GB(comm)

    def write() -> None:
        if file is None or fields is None:
            raise RuntimeError("the mesh and the fields are on rank 0")
        name = str(inputs.data["name"])
        attributes = {"case": name, "config_sha256": stage.sha256_of_data(inputs.data)}
        write_fields(job.out / FIELDS, file, fields, attributes)
        clock.lap("write")
        seconds = {**analysis.seconds, **clock.laps, "total": round(time.perf_counter() - begin, 3)}
        steps = {
            "steps": analysis.steps,
            "dofs": analysis.dofs,
            "cells": len(file.cells),
            "ranks": comm.size,
            "linear_solver": inputs.data["solver"]["linear"],
            "reaction_N": reaction,
            "memory_GB": round(memory, 3),
            "seconds": seconds,
        }
        stage.write_json(job.out / STEPS, steps)
        log.detail(f"done in {seconds['total']:.1f} s, {memory:.2f} GB over all ranks")
        log.close()
        Status(job.out).set("done", 0, f"{name}: {analysis.dofs} dofs on {comm.size} rank(s)")
        stage.finish(
            job.out,
            STAGE,
            inputs.key,
            [FIELDS, STEPS],
            inputs={MESH_FILE: stage.sha256_of(job.mesh / MESH_FILE)},
            packages=PACKAGES,
            ranks=comm.size,
            seconds=seconds["total"],
        )

    on_root(comm, write)
