"""Which corners and edges of a triangle mesh coincide."""

from __future__ import annotations

from typing import Any

import numpy as np

Ints = np.ndarray[Any, np.dtype[np.int32]]


class Topology:
    """Neighbourhood of corners and edges; corner k of face f, and the edge from it to the next, are number 3
    f + k.

    Args:
        points: (points, 3) positions; equal positions are one site, so that files which repeat points are
            closed.
        indices: (3 * faces,) points of the corners.

    Attributes:
        sites: (3 * faces,) site of each corner.
        ring_starts, ring: the corners at site s are ring[ring_starts[s] : ring_starts[s + 1]].
        edge_twins: (3 * faces,) the face on the other side of each edge, -1 at a border.
    """

    def __init__(self, points: Any, indices: Ints) -> None:
        _, site_of_point = np.unique(points + 0.0, axis=0, return_inverse=True)  # + 0.0: -0 is 0
        used, sites = np.unique(site_of_point.reshape(-1)[indices], return_inverse=True)
        self.num_sites = len(used)
        self.sites: Ints = sites.astype(np.int32)
        self.ring: Ints = np.argsort(self.sites, kind="stable").astype(np.int32)
        counts = np.bincount(self.sites, minlength=self.num_sites)
        self.ring_starts: Ints = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        self.edge_twins: Ints = _edge_twins(self.sites.astype(np.int64).reshape(-1, 3), self.num_sites)


def _edge_twins(faces: np.ndarray[Any, np.dtype[np.int64]], num_sites: int) -> Ints:
    """The face at each edge's reverse; where several share an edge, one of them."""
    tail, head = faces.reshape(-1), np.roll(faces, -1, axis=1).reshape(-1)
    forward, reverse = tail * num_sites + head, head * num_sites + tail
    order = np.argsort(forward, kind="stable")
    place = np.minimum(np.searchsorted(forward[order], reverse), len(order) - 1)
    found = order[place]
    return np.where(forward[found] == reverse, found // 3, -1).astype(np.int32)
