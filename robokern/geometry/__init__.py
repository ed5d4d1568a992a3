"""Bounding volume hierarchies, meshes and scenes, and the queries on them that kernels call."""
