# mypy: ignore-errors
"""Solid under a grid of heights: top surface, four walls, flat bottom at z = -base.

The grid spans [-half_x, half_x] x [-half_y, half_y]; heights[row, column] stands at x = -half_x + column *
step_x, y = -half_y + row * step_y, as in MuJoCo, and like there each cell is two triangles that share the
diagonal from (row, column) to (row + 1, column + 1).

Unlike `mj_ray`, which tests the base as a box of its own, a ray that starts inside the solid meets nothing at
z = 0: it meets the surface where it leaves. Rays that start outside agree.
"""

from __future__ import annotations

from robokern.compiler.builtins import floor, sqrt
from robokern.compiler.function import func, struct
from robokern.geometry.box import MISS, box_distance_squared, inverse_direction
from robokern.geometry.surface import SurfaceHit, SurfacePoint, direction_or, slab_interval
from robokern.geometry.triangle import Shear, nearest_on_triangle, ray_shear, ray_triangle
from robokern.ir.types import float32, int32, vec3
from robokern.lang.vector import cross, dot
from robokern.runtime.array import array2d


@struct
class HeightFieldData:
    """What a height field shape's handle points to."""

    heights: array2d(dtype=float32)  # (rows, columns) [m]
    half_x: float32
    half_y: float32
    base: float32  # the bottom lies at z = -base [m]
    highest: float32  # largest height [m]
    step_x: float32  # between columns [m]
    step_y: float32  # between rows [m]


@struct
class Cell:
    """The four corners of a grid cell, by steps in x and y."""

    p00: vec3
    p10: vec3
    p01: vec3
    p11: vec3


@func
def grid_x(field: HeightFieldData, column: int32):
    """Position of a column."""
    return float32(column) * field.step_x - field.half_x


@func
def grid_y(field: HeightFieldData, row: int32):
    """Position of a row."""
    return float32(row) * field.step_y - field.half_y


@func
def grid_point(field: HeightFieldData, row: int32, column: int32):
    """Position of a grid point."""
    return vec3(grid_x(field, column), grid_y(field, row), field.heights[row, column])


@func
def cell_at(field: HeightFieldData, row: int32, column: int32):
    """Corners of a cell."""
    cell = Cell()
    cell.p00 = grid_point(field, row, column)
    cell.p10 = grid_point(field, row, column + 1)
    cell.p01 = grid_point(field, row + 1, column)
    cell.p11 = grid_point(field, row + 1, column + 1)
    return cell


@func
def column_of(field: HeightFieldData, x: float32):
    """Column of the cells at x; outside, the nearest one."""
    column = int32(floor((x + field.half_x) / field.step_x))
    # the division rounds: on a grid line the corners' own positions decide
    if x < grid_x(field, column):
        column = column - 1
    elif x >= grid_x(field, column + 1):
        column = column + 1
    return min(max(column, 0), int32(field.heights.shape[1]) - 2)


@func
def row_of(field: HeightFieldData, y: float32):
    """Row of the cells at y; outside, the nearest one."""
    row = int32(floor((y + field.half_y) / field.step_y))
    if y < grid_y(field, row):
        row = row - 1
    elif y >= grid_y(field, row + 1):
        row = row + 1
    return min(max(row, 0), int32(field.heights.shape[0]) - 2)


@func
def slope_at(field: HeightFieldData, x: float32, y: float32):
    """Rise of the surface along x and y, and its height [m], over a point of the grid's rectangle."""
    cell = cell_at(field, row_of(field, y), column_of(field, x))
    u = (x - cell.p00[0]) / field.step_x
    v = (y - cell.p00[1]) / field.step_y
    along_x = cell.p11[2] - cell.p01[2]
    along_y = cell.p01[2] - cell.p00[2]
    if v <= u:
        along_x = cell.p10[2] - cell.p00[2]
        along_y = cell.p11[2] - cell.p10[2]
    height = cell.p00[2] + u * along_x + v * along_y
    return vec3(along_x / field.step_x, along_y / field.step_y, height)


@func
def height_at(field: HeightFieldData, x: float32, y: float32):
    """Height of the surface over a point of the grid's rectangle [m]."""
    return slope_at(field, x, y)[2]


@func
def upward_normal(a: vec3, b: vec3, c: vec3):
    """Unit normal of a triangle, z > 0."""
    n = cross(b - a, c - a)
    if n[2] < 0.0:
        n = -n
    return direction_or(n, vec3(0.0, 0.0, 1.0))


@func
def ray_cell(cell: Cell, shear: Shear, origin: vec3, direction: vec3, max_t: float32):
    """Nearest meeting of a ray with a cell's two triangles."""
    found = SurfaceHit()
    found.face = -1
    right = ray_triangle(shear, origin, cell.p00, cell.p10, cell.p11, max_t)
    left = ray_triangle(shear, origin, cell.p00, cell.p11, cell.p01, max_t)
    if right.hit and (not left.hit or right.t <= left.t):
        found.hit = True
        found.t = right.t
        found.normal = upward_normal(cell.p00, cell.p10, cell.p11)
    elif left.hit:
        found.hit = True
        found.t = left.t
        found.normal = upward_normal(cell.p00, cell.p11, cell.p01)
    return found


@func
def border_crossing(border: float32, origin: float32, direction: float32, inverse: float32):
    """Ray parameter of the next grid line; MISS for a ray along the lines."""
    if abs(direction) < 1.0e-30:
        return MISS
    return (border - origin) * inverse


@func
def march_cells(
    field: HeightFieldData, origin: vec3, direction: vec3, start: float32, stop: float32, max_t: float32
):
    """First meeting of a ray with the top surface, cell by cell.

    Source: Amanatides & Woo, "A fast voxel traversal algorithm for ray tracing", Eurographics 1987; each
    crossing is computed from its grid line, so that no error piles up.
    """
    found = SurfaceHit()
    found.face = -1
    shear = ray_shear(direction)
    inverse = inverse_direction(direction)
    at = origin + direction * start
    row = row_of(field, at[1])
    column = column_of(field, at[0])
    step_column = 1 if direction[0] >= 0.0 else -1
    step_row = 1 if direction[1] >= 0.0 else -1
    slack = 1.0e-5 * (field.highest + field.base + abs(origin[2]))
    rows = int32(field.heights.shape[0])
    columns = int32(field.heights.shape[1])
    t = start
    searching = True
    while searching:
        border_x = grid_x(field, column + max(step_column, 0))
        border_y = grid_y(field, row + max(step_row, 0))
        next_x = border_crossing(border_x, origin[0], direction[0], inverse[0])
        next_y = border_crossing(border_y, origin[1], direction[1], inverse[1])
        leave = max(min(next_x, next_y), t)
        cell = cell_at(field, row, column)
        z0 = origin[2] + direction[2] * t
        z1 = origin[2] + direction[2] * min(leave, stop)
        lowest = min(min(cell.p00[2], cell.p10[2]), min(cell.p01[2], cell.p11[2]))
        highest = max(max(cell.p00[2], cell.p10[2]), max(cell.p01[2], cell.p11[2]))
        if min(z0, z1) <= highest + slack and max(z0, z1) >= lowest - slack:
            found = ray_cell(cell, shear, origin, direction, max_t)
        if next_x < next_y:
            column = column + step_column
        else:
            row = row + step_row
        inside = column >= 0 and column < columns - 1 and row >= 0 and row < rows - 1
        searching = inside and leave <= stop and not found.hit
        t = leave
    return found


@func
def ray_height_field(field: HeightFieldData, origin: vec3, direction: vec3, max_t: float32):
    """First meeting of a ray with the solid's surface."""
    found = SurfaceHit()
    found.face = -1
    inverse = inverse_direction(direction)
    half_z = 0.5 * (field.highest + field.base)
    x = slab_interval(origin[0], inverse[0], field.half_x)
    y = slab_interval(origin[1], inverse[1], field.half_y)
    z = slab_interval(origin[2] - (field.highest - half_z), inverse[2], half_z)
    enter = max(max(x.enter, y.enter), z.enter)
    leave = min(min(x.leave, y.leave), z.leave)
    if enter > leave or leave < 0.0:
        return found
    start = max(enter, 0.0)
    at = origin + direction * start
    below = at[2] < height_at(field, at[0], at[1])
    if below and enter >= 0.0:
        # through a wall or the bottom
        found.hit = True
        found.t = enter
        found.normal = slab_normal(x.enter, y.enter, z.enter, -direction)
        return found
    found = march_cells(field, origin, direction, start, leave, max_t)
    if below and not found.hit:
        found.hit = True
        found.t = leave
        found.normal = slab_normal(-x.leave, -y.leave, -z.leave, direction)
    return found


@func
def slab_normal(x: float32, y: float32, z: float32, towards: vec3):
    """Unit normal of the slab with the largest value, on the side that `towards` points to."""
    if x >= y and x >= z:
        return vec3(1.0 if towards[0] >= 0.0 else -1.0, 0.0, 0.0)
    if y >= z:
        return vec3(0.0, 1.0 if towards[1] >= 0.0 else -1.0, 0.0)
    return vec3(0.0, 0.0, 1.0 if towards[2] >= 0.0 else -1.0)


@func
def nearer(best: SurfacePoint, query: vec3, point: vec3, normal: vec3):
    """The nearer of what was found and a further point of the surface; distances are not signed yet."""
    away = point - query
    distance = sqrt(dot(away, away))
    if distance >= best.distance:
        return best
    found = best
    found.hit = True
    found.distance = distance
    found.point = point
    found.normal = normal
    return found


@func
def nearest_wall(field: HeightFieldData, best: SurfacePoint, point: vec3, base_point: vec3):
    """Considers walls and bottom. base_point: the query, moved into the grid's rectangle."""
    found = best
    top = height_at(field, base_point[0], base_point[1])
    z = min(max(point[2], -field.base), top)
    bottom = vec3(base_point[0], base_point[1], -field.base)
    found = nearer(found, point, bottom, vec3(0.0, 0.0, -1.0))
    side_x = 1.0 if point[0] >= 0.0 else -1.0
    side_y = 1.0 if point[1] >= 0.0 else -1.0
    wall_x = vec3(side_x * field.half_x, base_point[1], z)
    if z <= height_at(field, wall_x[0], wall_x[1]):
        found = nearer(found, point, wall_x, vec3(side_x, 0.0, 0.0))
    wall_y = vec3(base_point[0], side_y * field.half_y, z)
    if z <= height_at(field, wall_y[0], wall_y[1]):
        found = nearer(found, point, wall_y, vec3(0.0, side_y, 0.0))
    return found


@func
def nearest_in_triangle(best: SurfacePoint, query: vec3, a: vec3, b: vec3, c: vec3):
    """Considers one triangle of the top."""
    return nearer(best, query, nearest_on_triangle(a, b, c, query).point, upward_normal(a, b, c))


@func
def nearest_in_cells(field: HeightFieldData, best: SurfacePoint, point: vec3):
    """Considers every cell that could hold a nearer point of the top."""
    found = best
    reach = best.distance
    for row in range(row_of(field, point[1] - reach), row_of(field, point[1] + reach) + 1):
        for column in range(column_of(field, point[0] - reach), column_of(field, point[0] + reach) + 1):
            cell = cell_at(field, row, column)
            lower = min(min(cell.p00, cell.p10), min(cell.p01, cell.p11))
            upper = max(max(cell.p00, cell.p10), max(cell.p01, cell.p11))
            if box_distance_squared(lower, upper, point) < found.distance * found.distance:
                found = nearest_in_triangle(found, point, cell.p00, cell.p10, cell.p11)
                found = nearest_in_triangle(found, point, cell.p00, cell.p11, cell.p01)
    return found


@func
def nearest_on_height_field(field: HeightFieldData, point: vec3, max_distance: float32):
    """Signed distance to the solid's surface; looks no further than max_distance from a point outside."""
    base_point = vec3(
        min(max(point[0], -field.half_x), field.half_x),
        min(max(point[1], -field.half_y), field.half_y),
        point[2],
    )
    slope = slope_at(field, base_point[0], base_point[1])
    top = vec3(base_point[0], base_point[1], slope[2])
    over_grid = base_point[0] == point[0] and base_point[1] == point[1]
    inside = over_grid and point[2] < top[2] and point[2] > -field.base
    best = SurfacePoint()
    best.distance = MISS if inside else max_distance
    best = nearer(best, point, top, direction_or(vec3(-slope[0], -slope[1], 1.0), vec3(0.0, 0.0, 1.0)))
    best = nearest_wall(field, best, point, base_point)
    best = nearest_in_cells(field, best, point)
    outward = best.point - point if inside else point - best.point
    # too near, the difference is all rounding: the face's own normal is better
    if best.distance > 1.0e-4 * min(field.step_x, field.step_y):
        best.normal = direction_or(outward, best.normal)
    if inside:
        best.distance = -best.distance
    return best
