"""First Ray: where does the load of the big-toe joint go?

The line, one folder a stage, each reading files and writing files:

    config -> mesh -> solve -> measure -> report

Only ``pipeline.solve`` imports DOLFINx, PETSc and MPI.
"""

__version__ = "0.1.0"
