"""From a configuration to a tetrahedral mesh of the first and second ray.

posture -> parts (implicit functions) -> interface points -> tetrahedra -> mesh file
"""
