"""Slices of arrays, vectors and matrices inside kernels."""

from __future__ import annotations

import numpy as np

import robokern as rk

floats = rk.array(dtype=float)
grids = rk.array2d(dtype=float)
vec4, vec6 = rk.vec4, rk.vector(6, float)


@rk.func
def total(values: floats):
    s = float(0.0)
    for k in range(len(values)):
        s += values[k]
    return s


@rk.kernel
def array_slices(out: floats, grid: grids, n: int):
    row = grid[1]
    out[0] = total(row[2:5])
    out[1] = total(row[n:])
    out[2] = total(row[:-1])
    out[3] = total(row[1:6:2])
    out[4] = total(grid[2, 3:100])
    block = grid[1:3, 2:4]
    out[5] = block[1, 1] + float(block.shape[0]) * 100.0 + float(block.shape[1]) * 1000.0
    out[6] = float(len(row[4:2]))
    view = row[::3]
    view[1] = -7.0


def test_array_slices(device: str) -> None:
    values = np.arange(24, dtype=np.float32).reshape(4, 6)
    grid = rk.array(values, dtype=float, device=device)
    out = rk.zeros(7, dtype=float, device=device)
    rk.launch(array_slices, dim=1, inputs=[out, grid, 4], device=device)
    row = values[1]
    block = values[1:3, 2:4]
    want = [row[2:5].sum(), row[4:].sum(), row[:-1].sum(), row[1:6:2].sum(), values[2, 3:].sum()]
    want += [block[1, 1] + 200 + 2000, 0.0]
    assert out.numpy().tolist() == want
    assert grid.numpy()[1, 3] == -7.0


@rk.kernel
def index_after_slice(out: floats, box: rk.array3d(dtype=float), n: int):
    i = rk.tid()
    column = box[1, :, n]
    out[i] = column[i] + box[i, :, 1][2] * 10.0 + box[:, i][1, n] * 100.0
    box[1:, 2, i][0] = -1.0


def test_an_index_after_a_slice(device: str) -> None:
    values = np.random.default_rng(0).integers(1, 9, (3, 4, 5)).astype(np.float32)
    want = [float(values[1, i, 2] + values[i, 2, 1] * 10 + values[1, i, 2] * 100) for i in range(2)]
    box = rk.array(values, dtype=float, device=device)
    out = rk.zeros(2, dtype=float, device=device)
    rk.launch(index_after_slice, dim=2, inputs=[out, box, 2], device=device)
    assert out.numpy().tolist() == want
    values[1, 2, :2] = -1.0
    assert np.array_equal(box.numpy(), values)


@rk.kernel
def column_products(x: grids, out: floats):
    i = rk.tid()
    column = x[:, i]
    for k in range(column.shape[0]):
        out[i] += column[k] * column[k] * x[k, :][i]


def test_gradients_through_columns(device: str) -> None:
    values = np.arange(1, 13, dtype=np.float32).reshape(4, 3)
    x = rk.array(values, dtype=float, device=device, requires_grad=True)
    out = rk.zeros(3, dtype=float, device=device, requires_grad=True)
    with rk.Tape() as tape:
        rk.launch(column_products, dim=3, inputs=[x, out], device=device)
    assert np.array_equal(out.numpy(), (values**3).sum(axis=0))
    tape.backward(grads={out: rk.ones(3, dtype=float, device=device)})
    assert np.array_equal(x.grad.numpy(), 3 * values**2)


@rk.kernel
def vector_slices(out: rk.array(dtype=vec6), m: rk.mat33):
    v = vec6(0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
    tail = v[3:]
    v[0:2] = rk.vec2(10.0, 11.0)
    v[1:6:2] = rk.vec3(-1.0, -2.0, -3.0)
    v[-2] += tail[0]
    out[0] = v
    column = m[:, 1]
    square = m[1:, 0:2]
    w = m
    w[:, 2] = column
    w[0] = rk.vec3(7.0)
    out[1] = vec6(column[0], column[1], column[2], square[0, 0], square[1, 1], w[2, 2] + w[0, 2])
    out[2][0:3] = rk.vec3(1.0, 2.0, 3.0)
    out[2][3:] = m[2, 0:3]


def test_vector_and_matrix_slices(device: str) -> None:
    out = rk.zeros(3, dtype=vec6, device=device)
    rk.launch(vector_slices, dim=1, inputs=[out, rk.mat33(*range(9))], device=device)
    assert out.numpy().tolist() == [
        [10, -1, 2, -2, 7, -3],
        [1, 4, 7, 3, 7, 7 + 7],
        [1, 2, 3, 6, 7, 8],
    ]


@rk.struct
class Cell:
    key: int
    corner: rk.vec3
    frame: rk.mat33


@rk.kernel
def run_time_components(
    cells: rk.array(dtype=Cell), points: rk.array(dtype=rk.vec3), counts: rk.array(dtype=rk.vec3)
):
    i = rk.tid()
    k = i % 3
    cells[i // 9].corner[k] = float(i)
    cells[i // 9].frame[(i // 3) % 3, k] = float(i)
    points[i // 3][k] = float(i)
    points[i // 3][k + 3] = -1.0
    counts[0][k] += 1.0
    cells[0].frame[1] += rk.vec3(0.0)


def test_items_write_components_of_one_element(device: str) -> None:
    n = 9 * 5000
    cells = rk.zeros(n // 9, dtype=Cell, device=device)
    points = rk.zeros(n // 3, dtype=rk.vec3, device=device)
    counts = rk.zeros(1, dtype=rk.vec3, device=device)
    rk.launch(run_time_components, dim=n, inputs=[cells, points, counts], device=device)
    np.testing.assert_array_equal(points.numpy().ravel(), np.arange(n))
    np.testing.assert_array_equal(cells.numpy()["frame"].ravel(), np.arange(n))
    assert (cells.numpy()["corner"].ravel() % 3 == np.tile([0, 1, 2], n // 9)).all()
    assert counts.numpy().tolist() == [[n / 3] * 3]


@rk.kernel
def any_slice(row: floats, bounds: rk.array2d(dtype=int), out: grids):
    i = rk.tid()
    part = row[bounds[i, 0] : bounds[i, 1] : bounds[i, 2]]
    out[i, 0] = float(part.shape[0])
    for k in range(part.shape[0]):
        out[i, k + 1] = part[k]


def test_slices_with_every_start_stop_and_step(device: str) -> None:
    values = np.arange(1, 6, dtype=np.float32)
    reach, steps = range(-7, 8), (-6, -3, -2, -1, 1, 2, 3, 6)
    bounds = np.array([(a, b, c) for a in reach for b in reach for c in steps], np.int32)
    out = rk.zeros((len(bounds), 6), device=device)
    rk.launch(
        any_slice,
        dim=len(bounds),
        inputs=[rk.array(values, device=device), rk.array(bounds, device=device), out],
        device=device,
    )
    want = np.zeros((len(bounds), 6), np.float32)
    for row, (start, stop, step) in zip(want, bounds, strict=True):
        part = values[start:stop:step]
        row[0], row[1 : len(part) + 1] = len(part), part
    np.testing.assert_array_equal(out.numpy(), want)


def test_a_step_of_zero_has_no_elements(device: str) -> None:
    row, bounds = rk.zeros(4, device=device), rk.array([[0, 4, 0]], dtype=int, device=device)
    out = rk.full((1, 6), -1.0, device=device)
    rk.launch(any_slice, dim=1, inputs=[row, bounds, out], device=device)
    assert out.numpy()[0, 0] == 0.0


@rk.kernel
def open_slices(row: floats, step: int, out: floats):
    out[0] = total(row[::-1]) + row[::-1][0] * 100.0
    out[1] = row[::step][0]
    out[2] = row[2::step][1]
    out[3] = float(row[:2:step].shape[0])
    out[4] = row[-1] + row[::-2][-1]


def test_slices_without_bounds(device: str) -> None:
    values = np.arange(1, 7, dtype=np.float32)
    for step in (-2, -1, 1, 3):
        out = rk.zeros(5, device=device)
        rk.launch(open_slices, dim=1, inputs=[rk.array(values, device=device), step, out], device=device)
        want = [21.0 + 600.0, values[::step][0], values[2::step][1], len(values[:2:step])]
        assert out.numpy().tolist() == [*want, values[-1] + values[::-2][-1]]


@rk.kernel
def chosen_component(v: rk.array(dtype=rk.vec3), k: rk.array(dtype=int), out: rk.array2d(dtype=float)):
    i = rk.tid()
    u = v[0]
    u[k[i]] = 9.0
    out[i, 0] = v[0][k[i]]
    for j in range(3):
        out[i, j + 1] = u[j]


def test_components_count_from_the_end_at_run_time(device: str) -> None:
    k = np.array([-3, -2, -1, 0, 1, 2], np.int32)
    out = rk.zeros((6, 4), device=device)
    v = rk.array([[1.0, 2.0, 3.0]], dtype=rk.vec3, device=device)
    rk.launch(chosen_component, dim=6, inputs=[v, rk.array(k, device=device), out], device=device)
    want = np.tile([0.0, 1.0, 2.0, 3.0], (6, 1))
    want[:, 0] = np.array([1.0, 2.0, 3.0])[k]
    want[np.arange(6), 1 + k % 3] = 9.0
    np.testing.assert_array_equal(out.numpy(), want)


@rk.kernel
def rows_backwards(a: grids, b: floats, out: floats):
    i = rk.tid()
    row = a[i][::-2]
    column = a[::-1, 1]
    flat = b[::-2]
    out[i] = row[1] * 10.0 + column[i] + row[i % 3] * 100.0 + flat[i] * 1000.0
    flat[i] = -1.0


def test_backwards_in_every_width() -> None:
    values = np.random.default_rng(0).integers(0, 99, (16, 6)).astype(np.float32)
    i = np.arange(16)
    back = values[:, ::-2]
    flat = np.arange(32, dtype=np.float32)
    want = back[:, 1] * 10 + values[::-1, 1] + back[i, i % 3] * 100 + flat[::-2] * 1000
    for lanes in (1, 4, 8, 16):
        kernel = rk.kernel(rows_backwards.func, cpu_lanes=lanes)
        for array in (rk.array(values), rk.array(np.repeat(values, 2, axis=1))[:, ::2]):
            out, row = rk.zeros(16), rk.array(flat)
            rk.launch(kernel, dim=16, inputs=[array, row, out])
            np.testing.assert_array_equal(out.numpy(), want)
            np.testing.assert_array_equal(row.numpy(), np.where(flat % 2 == 1, -1, flat))
