"""A depth image of a mesh by ray casting, written as a PNG. `python examples/depth_image.py`"""

import matplotlib
import numpy as np
import trimesh

import robokern as rk

matplotlib.use("Agg")
import matplotlib.pyplot as plt


@rk.kernel
def render(
    # world
    mesh: rk.uint64,
    camera: rk.vec3,  # [m]
    # settings
    half_width: float,  # tangent of half the field of view
    max_range: float,  # [m]
    # out
    depth: rk.array2d(dtype=float),  # (rows, columns) [m]; max_range where nothing is hit
):
    """Pinhole camera looking along +x, z up."""
    row, column = rk.tid()
    rows = float(depth.shape[0])
    columns = float(depth.shape[1])
    y = half_width * (1.0 - 2.0 * (float(column) + 0.5) / columns)
    z = half_width * (rows / columns) * (1.0 - 2.0 * (float(row) + 0.5) / rows)
    direction = rk.vec3(1.0, y, z)
    hit = rk.mesh_query_ray(mesh, camera, direction, max_range)
    depth[row, column] = max_range
    if hit.result:
        depth[row, column] = hit.t  # the direction has x = 1, so t is the distance along the axis


def main(file: str = "depth_image.png", rows: int = 480, columns: int = 640) -> None:
    shape = trimesh.creation.torus(major_radius=1.0, minor_radius=0.4, major_sections=200, minor_sections=100)
    shape.apply_transform(trimesh.transformations.rotation_matrix(0.9, [0, 1, 0]))
    points = rk.array(np.asarray(shape.vertices, np.float32), dtype=rk.vec3)
    faces = rk.array(np.asarray(shape.faces, np.int32).ravel(), dtype=int)
    mesh = rk.Mesh(points, faces)
    depth = rk.zeros((rows, columns), dtype=float)
    rk.launch(render, dim=depth.shape, inputs=[mesh.id, rk.vec3(-3.0, 0.0, 0.0), 0.8, 10.0, depth])
    hit = depth.numpy() < 10.0
    nearest, farthest = depth.numpy()[hit].min(), depth.numpy()[hit].max()
    plt.imsave(file, np.where(hit, depth.numpy(), farthest), cmap="magma_r", vmin=nearest, vmax=farthest)
    print(f"{file}: {len(shape.faces)} triangles, {hit.mean():.0%} of {hit.size} rays hit")
    print(f"nearest {nearest:.3f} m, farthest {farthest:.3f} m")


if __name__ == "__main__":
    main()
