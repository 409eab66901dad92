"""The parallel solve: mesh and case in, displacement, stress and floor forces out.

Run as ``mpirun -n N python -m mpi4py -m pipeline.solve``. This file imports nothing, so that
:mod:`pipeline.solve.key` can be used where DOLFINx is not installed.
"""
