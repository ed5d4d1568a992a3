"""Trees: invariants, walks against brute force, refit and rebuild, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import robokern as rk
from robokern.geometry.build_sah import SERIAL, must_balance, raise_family
from robokern.geometry.bvh import Bvh
from robokern.geometry.bvh_query import bvh_query_aabb, bvh_query_next, bvh_query_ray
from robokern.geometry.tree import EMPTY_LEAF, MAX_DEPTH, MAX_PRIMITIVES, WIDTH, BvhData


def compiled(device: str) -> str:
    """Where to build what `device` reads: the interpreter is slow, and reads the host's memory."""
    return "cpu" if device == "ref" else device


@rk.kernel
def count_overlaps(
    bvh: rk.uint64,
    lowers: rk.array(dtype=rk.vec3),
    uppers: rk.array(dtype=rk.vec3),
    groups: rk.array(dtype=int),
    seen: rk.array2d(dtype=int),
):
    """seen[query, box] += 1 for every box that a query box meets."""
    i = rk.tid()
    query = bvh_query_aabb(bvh, lowers[i], uppers[i], groups[i])
    index = 0
    while bvh_query_next(query, index):
        seen[i, index] = seen[i, index] + 1


@rk.kernel
def count_ray_hits(
    bvh: rk.uint64,
    origins: rk.array(dtype=rk.vec3),
    directions: rk.array(dtype=rk.vec3),
    seen: rk.array2d(dtype=int),
):
    """seen[ray, box] += 1 for every box that a ray meets."""
    i = rk.tid()
    query = bvh_query_ray(bvh, origins[i], directions[i], 0, 2.0)
    index = 0
    while bvh_query_next(query, index):
        seen[i, index] = seen[i, index] + 1


def random_boxes(rng: np.random.Generator, count: int, size: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    centres = rng.uniform(-1.0, 1.0, (count, 3))
    half = rng.uniform(0.0, size, (count, 3))
    return (centres - half).astype(np.float32), (centres + half).astype(np.float32)


def leaf(reference: int) -> tuple[int, int]:
    return ~reference >> 4, ~reference & 15


def child_box(node: np.void, side: int) -> tuple[np.ndarray, np.ndarray]:
    lower, upper = (np.array([node[f"{end}_{axis}"][side] for axis in "xyz"]) for end in ("lower", "upper"))
    return lower, upper


def used_nodes(bvh: Bvh) -> bytes:
    nodes = bvh.data.nodes.numpy()
    return nodes[nodes["width"] > 0].tobytes()


def walk(bvh: Bvh, group: int = 0) -> tuple[list[int], int]:
    """Leaf positions, depth first, and the deepest level; asserts that every box holds what lies below."""
    nodes, order = bvh.data.nodes.numpy(), bvh.data.order.numpy()
    lowers, uppers = bvh.lowers.numpy(), bvh.uppers.numpy()
    positions: list[int] = []
    deepest = 0
    root = int(bvh.data.roots.numpy()[group])
    todo = [(root, bvh.data.root_lowers.numpy()[group], bvh.data.root_uppers.numpy()[group], 0)]
    while todo:
        reference, lower, upper, depth = todo.pop()
        deepest = max(deepest, depth)
        if reference < 0:
            first, count = leaf(reference)
            assert count <= bvh.leaf_size
            held = order[first : first + count]
            assert (lowers[held] >= lower).all() and (uppers[held] <= upper).all()
            positions.extend(range(first, first + count))
            continue
        node = nodes[reference]
        assert 2 <= node["width"] <= WIDTH
        for side in range(node["width"]):
            child, (low, up) = int(node["child"][side]), child_box(node, side)
            assert (low >= lower).all() and (up <= upper).all()
            if child >= 0:
                assert child > reference
                assert (nodes[child]["parent"], nodes[child]["side"]) == (reference, side)
            todo.append((child, low, up, depth + 1))
        assert (node["child"][node["width"] :] == EMPTY_LEAF).all()
    return positions, deepest


def assert_sound(bvh: Bvh) -> None:
    """Each primitive lies in exactly one leaf of its group, and no tree is deeper than the stack."""
    starts, order = bvh.data.starts.numpy(), bvh.data.order.numpy()
    for group in range(bvh.num_groups):
        positions, deepest = walk(bvh, group)
        assert sorted(positions) == list(range(starts[group], starts[group + 1]))
        assert deepest <= MAX_DEPTH
    assert sorted(order.tolist()) == list(range(len(order)))


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 40])
def test_each_primitive_in_one_leaf(count: int, device: str, rng: np.random.Generator) -> None:
    assert_sound(Bvh(*random_boxes(rng, count), device=device))


def test_each_of_many_primitives_in_one_leaf(rng: np.random.Generator) -> None:
    groups = rng.integers(0, 7, 1000)
    assert_sound(Bvh(*random_boxes(rng, 1000), groups, num_groups=9, device="cpu"))


def test_large_tree_built_in_parallel(rng: np.random.Generator) -> None:
    bvh = Bvh(*random_boxes(rng, 5 * SERIAL), device="cpu")
    assert bvh.data.counts.numpy().min() > 1
    assert_sound(bvh)


def test_parallel_and_serial_build_agree(rng: np.random.Generator) -> None:
    lowers, uppers = random_boxes(rng, 2 * SERIAL)
    alone = Bvh(lowers, uppers, device="cpu")
    beside = Bvh(lowers, uppers, num_groups=2, device="cpu")  # a second, empty group: built by one work item
    assert used_nodes(alone) == used_nodes(beside)
    assert alone.data.order.numpy().tolist() == beside.data.order.numpy().tolist()


def test_equal_boxes_are_halved(device: str) -> None:
    box = np.zeros((100, 3), np.float32)
    bvh = Bvh(box, box + 1.0, leaf_size=2, device=device)
    assert_sound(bvh)
    assert walk(bvh)[1] <= 3


def test_depth_is_bounded(device: str) -> None:
    # distances that shrink by a third each: the heuristic would peel off one box at a time
    places = np.float32(3.0) ** -np.arange(40, dtype=np.float32)
    boxes = np.repeat(places[:, None], 3, axis=1)
    bvh = Bvh(boxes, boxes * np.float32(1.01), leaf_size=1, device=device)
    assert_sound(bvh)
    assert walk(bvh)[1] > 8


@rk.kernel
def split_evenly(bvh: rk.uint64, ends: rk.array(dtype=int)):
    """Where the four parts of all primitives end if the node must balance."""
    data = rk.from_handle(bvh, BvhData)
    family = raise_family(data, 0, ends[0], True)
    for k in range(4):
        ends[k] = family.end[k]


@rk.kernel
def find_limits(limits: rk.array(dtype=int)):
    """The most primitives that each level takes unbalanced, of powers of two and their successors."""
    depth = rk.tid()
    for power in range(28):
        for more in range(2):
            if not must_balance((1 << power) + more, depth):
                limits[depth] = (1 << power) + more


@pytest.mark.parametrize("count", [16, 17, 39])
def test_balanced_node_divides_by_four(count: int, device: str) -> None:
    places = np.float32(3.0) ** -np.arange(count, dtype=np.float32)[:, None] * np.ones(3, np.float32)
    bvh = Bvh(places, places, leaf_size=1, device=compiled(device))
    ends = rk.array([count, 0, 0, 0], int, device=device)
    rk.launch(split_evenly, 1, [bvh.id, ends], device=device)
    sizes = np.diff([0, *sorted(ends.numpy())])
    assert sizes.max() <= -(-count // 4) and sizes.sum() == count


def test_a_level_takes_no_more_than_fits_below(device: str) -> None:
    limits = rk.zeros(MAX_DEPTH, int, device=device)
    rk.launch(find_limits, MAX_DEPTH, [limits], device=device)
    room = 4.0 ** np.arange(MAX_DEPTH - 1, -1, -1)
    assert (limits.numpy() <= room).all()
    assert limits.numpy()[0] > MAX_PRIMITIVES


def test_heuristic_beats_halving(rng: np.random.Generator) -> None:
    # clusters of unlike density, as scenes are: the median cuts through them
    centres = rng.uniform(-1.0, 1.0, (12, 3))[rng.choice(12, 2000, p=np.arange(1, 13) / 78)]
    lowers = (centres + 0.02 * rng.standard_normal((2000, 3))).astype(np.float32)
    uppers = lowers + np.float32(0.005)
    bvh = Bvh(lowers, uppers, leaf_size=1, device="cpu")
    assert tree_cost(bvh) < 0.75 * median_cost(lowers, uppers)


def half_area(lower: np.ndarray, upper: np.ndarray) -> float:
    d = (upper - lower).astype(float)
    return float(d[0] * d[1] + d[1] * d[2] + d[2] * d[0])


def tree_cost(bvh: Bvh) -> float:
    used = bvh.data.nodes.numpy()
    used = used[used["width"] > 0]
    return sum(half_area(*child_box(n, side)) for n in used for side in range(n["width"]))


def median_cost(lowers: np.ndarray, uppers: np.ndarray) -> float:
    """The same of a tree whose nodes cut at medians, into four."""
    if len(lowers) == 1:
        return 0.0
    quarters = [
        part
        for half in halves(lowers, uppers, np.arange(len(lowers)))
        for part in halves(lowers, uppers, half)
    ]
    own = sum(half_area(lowers[q].min(axis=0), uppers[q].max(axis=0)) for q in quarters)
    return own + sum(median_cost(lowers[q], uppers[q]) for q in quarters)


def halves(lowers: np.ndarray, uppers: np.ndarray, chosen: np.ndarray) -> list[np.ndarray]:
    if len(chosen) == 1:
        return [chosen]
    centres = (lowers + uppers)[chosen]
    order = chosen[np.argsort(centres[:, np.argmax(np.ptp(centres, axis=0))])]
    return [order[: len(order) // 2], order[len(order) // 2 :]]


@pytest.mark.parametrize("leaf_size", [1, 4])
def test_overlapping_boxes(leaf_size: int, device: str, rng: np.random.Generator) -> None:
    lowers, uppers = random_boxes(rng, 100, 0.5)
    groups = rng.integers(0, 4, 100)
    groups[groups == 2] = 3  # group 2 is empty
    bvh = Bvh(lowers, uppers, groups, leaf_size=leaf_size, device=compiled(device))
    queries = random_boxes(rng, 50, 0.6)
    asked = rng.integers(0, 4, 50)
    seen = rk.zeros((50, 100), int, device=device)
    inputs = [
        bvh.id,
        rk.array(queries[0], rk.vec3),
        rk.array(queries[1], rk.vec3),
        rk.array(asked.astype(np.int32)),
    ]
    rk.launch(count_overlaps, 50, inputs, [seen], device=device)
    meet = (lowers <= queries[1][:, None]).all(-1) & (queries[0][:, None] <= uppers).all(-1)
    expected = meet & (groups == asked[:, None])
    assert expected.sum() > 50
    assert np.array_equal(seen.numpy(), expected)


def test_boxes_met_by_rays(device: str, rng: np.random.Generator) -> None:
    lowers, uppers = random_boxes(rng, 100, 0.5)
    origins = rng.uniform(-1.5, 1.5, (60, 3)).astype(np.float32)
    directions = rng.standard_normal((60, 3)).astype(np.float32)
    directions[:6] = np.repeat(np.eye(3, dtype=np.float32), 2, axis=0)  # zeros in the direction
    bvh = Bvh(lowers, uppers, device=compiled(device))
    seen = rk.zeros((60, 100), int, device=device)
    rk.launch(
        count_ray_hits,
        60,
        [bvh.id, rk.array(origins, rk.vec3), rk.array(directions, rk.vec3)],
        [seen],
        device=device,
    )
    expected, margin = slabs(lowers, uppers, origins, directions, 2.0)
    assert expected.sum() > 50
    assert np.array_equal(seen.numpy()[margin > 1e-5], expected[margin > 1e-5])
    assert (margin > 1e-5).mean() > 0.999


def slabs(
    lowers: np.ndarray, uppers: np.ndarray, origins: np.ndarray, directions: np.ndarray, max_t: float
) -> tuple[np.ndarray, np.ndarray]:
    """Whether rays meet boxes, in float64, and by how much that is decided."""
    o, d = origins[:, None].astype(float), directions[:, None].astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.stack([(lowers - o) / d, (uppers - o) / d])
    enter = np.maximum(t.min(axis=0).max(axis=-1), 0.0)
    leave = np.minimum(t.max(axis=0).min(axis=-1), max_t)
    return enter <= leave, np.abs(leave - enter)


@pytest.mark.parametrize("count", [70, 2 * SERIAL])
def test_refit_follows_motion(count: int, rng: np.random.Generator) -> None:
    lowers, uppers = (rk.array(x, rk.vec3) for x in random_boxes(rng, count))
    bvh = Bvh(lowers, uppers, device="cpu")
    before = bvh.data.order.numpy().copy()
    shift = rng.uniform(-0.5, 0.5, (count, 3)).astype(np.float32)
    lowers.assign(lowers.numpy() + shift)
    uppers.assign(uppers.numpy() + shift)
    bvh.refit()
    assert_sound(bvh)
    assert np.array_equal(bvh.data.order.numpy(), before)
    assert np.array_equal(bvh.data.root_lowers.numpy()[0], lowers.numpy().min(axis=0))
    refitted = tree_cost(bvh)
    bvh.rebuild()
    assert_sound(bvh)
    assert tree_cost(bvh) < refitted


def test_refit_is_the_same_on_both_devices(rng: np.random.Generator) -> None:
    boxes = random_boxes(rng, 40)
    trees = [Bvh(*boxes, groups=np.arange(40) % 3, device=d) for d in ("cpu", "ref")]
    for tree in trees:
        tree.lowers.assign(tree.lowers.numpy() - np.float32(0.25))
        tree.refit()
    assert used_nodes(trees[0]) == used_nodes(trees[1])


def test_rebuild_depends_on_boxes_alone(rng: np.random.Generator) -> None:
    bvh = Bvh(*random_boxes(rng, 100), device="cpu")
    first = used_nodes(bvh)
    kept = bvh.lowers.numpy().copy()
    bvh.lowers.assign(kept - rng.uniform(0.0, 1.0, kept.shape).astype(np.float32))
    bvh.rebuild()
    assert used_nodes(bvh) != first
    bvh.lowers.assign(kept)
    bvh.rebuild()
    assert used_nodes(bvh) == first


def test_no_boxes(device: str) -> None:
    bvh = Bvh(np.zeros((0, 3)), np.zeros((0, 3)), device=device)
    assert bvh.data.roots.numpy().tolist() == [EMPTY_LEAF]


ZEROS = np.zeros((3, 3), np.float32)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((ZEROS, np.zeros((2, 3))), "expected as many uppers as lowers (3), got 2"),
        (
            (ZEROS, ZEROS - np.eye(3)[1] * 2),
            "expected lower <= upper, got [0.0, 0.0, 0.0] and [0.0, -2.0, 0.0] at box 0",
        ),
        ((ZEROS * np.nan, ZEROS), "Bvh lowers: expected finite positions, got [nan, nan, nan] at 0"),
        ((np.zeros((3, 2)), ZEROS), "Bvh lowers: expected vec3 elements"),
        ((ZEROS, ZEROS, [0, 1]), "Bvh groups: expected one number for each of 3 boxes, got 2"),
        ((ZEROS, ZEROS, [0, -1, 0]), "Bvh groups: expected numbers from 0 up, got -1"),
        ((ZEROS, ZEROS, [0.0, 1.0, 2.0]), "Bvh groups: expected integers, got float64"),
        ((ZEROS, ZEROS, [0, 4, 0], 3), "expected at least 5, for `groups` names group 4, got 3"),
        ((ZEROS, ZEROS, None, None, 16), "Bvh leaf_size: expected 1 to 15, got 16"),
    ],
)
def test_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(rk.GeometryError) as error:
        Bvh(*arguments)
    assert message in str(error.value)
