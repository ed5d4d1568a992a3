"""Random numbers: known answers, distributions, and independence of order."""

import numpy as np
import pytest
from scipy import stats

import robokern as rk

COUNT = 20000
# Random123 1.09, kat_vectors: philox4x32 10 rounds; counter, key, result
PHILOX = [
    ([0] * 4, [0] * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
    (
        [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
        [0xA4093822, 0x299F31D0],
        [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
    ),
]


def draw(func, result, count=COUNT, seed=7, check_interpreter=False):
    @rk.kernel
    def apply(out: rk.array(dtype=result)):
        i = rk.tid()
        state = rk.rand_init(seed, i)
        out[i] = func(state)

    outputs = []
    for device in ("cpu", "ref") if check_interpreter else ("cpu",):
        out = rk.zeros(count, dtype=result, device=device)
        rk.launch(apply, dim=count, inputs=[out], device=device)
        outputs.append(out.numpy())
    if check_interpreter:
        np.testing.assert_array_equal(*outputs)
    return outputs[0]


def test_philox_known_answers(evaluate):
    counters, keys, results = (np.array(column, np.uint32) for column in zip(*PHILOX, strict=True))
    words4, words2 = rk.vector(4, rk.uint32), rk.vector(2, rk.uint32)
    found = evaluate(rk.philox4x32, words4, (words4, counters), (words2, keys))
    np.testing.assert_array_equal(found, results)


def test_key_is_the_first_philox_word_of_its_five_numbers(evaluate):
    @rk.func
    def by_key(i: rk.int32, world: rk.int32):
        return rk.rand_key(7, rk.uint32(0xFFFFFFFF), world, 3, i)

    @rk.func
    def by_philox(i: rk.int32, world: rk.int32):
        counter = rk.vec4ui(rk.uint32(i), rk.uint32(world), rk.uint32(3), rk.uint32(0))
        return rk.philox4x32(counter, rk.vec2ui(rk.uint32(7), rk.uint32(0xFFFFFFFF)))[0]

    i, world = (g.ravel().astype(np.int32) for g in np.meshgrid(np.arange(300), np.arange(30)))
    keys = evaluate(by_key, rk.uint32, (rk.int32, i), (rk.int32, world))
    np.testing.assert_array_equal(keys, evaluate(by_philox, rk.uint32, (rk.int32, i), (rk.int32, world)))
    # 9000 draws of 32 bits: about 0.01 pairs are expected to coincide
    assert len(np.unique(keys)) == len(keys)


def pcg(state):
    state = np.uint32(state) * np.uint32(747796405) + np.uint32(2891336453)
    word = ((state >> ((state >> np.uint32(28)) + np.uint32(4))) ^ state) * np.uint32(277803737)
    return (word >> np.uint32(22)) ^ word


@pytest.mark.filterwarnings("ignore:overflow")
def test_state_is_the_pcg_permutation():
    want = pcg(pcg(np.uint32(7) + pcg(np.arange(100, dtype=np.uint32))))
    np.testing.assert_array_equal(draw(rk.randu, rk.uint32, 100), want)
    np.testing.assert_array_equal(draw(rk.randi, rk.int32, 100), want.view(np.int32))
    np.testing.assert_array_equal(
        draw(rk.randf, rk.float32, 100), (want >> np.uint32(8)) * np.float32(2**-24)
    )


def test_each_draw_advances_the_state():
    @rk.func
    def second(state: rk.inout(rk.uint32)):
        rk.randf(state)
        return rk.randf(state)

    first = draw(rk.randf, rk.float32)
    assert abs(np.corrcoef(first, draw(second, rk.float32))[0, 1]) < 4 / np.sqrt(COUNT)


def uniform_in(low, high):
    return lambda x: stats.kstest(x, "uniform", args=(low, high - low)).pvalue


def test_ranges():
    @rk.func
    def integers(state: rk.inout(rk.uint32)):
        return rk.randi(state, -3, 4)

    @rk.func
    def floats(state: rk.inout(rk.uint32)):
        return rk.randf(state, -2.0, 5.0)

    counts = np.bincount(draw(integers, rk.int32, check_interpreter=True) + 3, minlength=7)
    assert len(counts) == 7 and stats.chisquare(counts).pvalue > 1e-3
    assert uniform_in(-2, 5)(draw(floats, rk.float32, check_interpreter=True)) > 1e-3


def test_normal():
    x = draw(rk.randn, rk.float32, check_interpreter=True)
    assert np.isfinite(x).all() and stats.kstest(x, "norm").pvalue > 1e-3


@pytest.mark.parametrize("mean", [0.5, 4.0, 9.9, 10.0, 60.0, 1000.0])
def test_poisson(mean):
    @rk.func
    def count(state: rk.inout(rk.uint32)):
        return rk.poisson(state, mean)

    x = draw(count, rk.uint32, check_interpreter=mean < 5)
    k = np.arange(x.max() + 2)
    expected = stats.poisson.pmf(k, mean) * COUNT
    observed = np.bincount(x, minlength=len(k)).astype(float)
    common = expected > 5
    expected = np.append(expected[common], COUNT - expected[common].sum())
    observed = np.append(observed[common], COUNT - observed[common].sum())
    assert stats.chisquare(observed, expected).pvalue > 1e-3


@pytest.mark.parametrize("mean", [10.0, 12.0])
def test_poisson_counts_zero_as_often_as_it_should(mean):
    @rk.kernel
    def count(out: rk.array(dtype=rk.uint32)):
        i = rk.tid()
        state = rk.rand_init(42, i)
        out[i] = rk.poisson(state, mean)

    out = rk.zeros(1_000_000, dtype=rk.uint32)
    rk.launch(count, dim=len(out), inputs=[out])
    expected = len(out) * np.exp(-mean)
    assert abs(np.count_nonzero(out.numpy() == 0) - expected) < 4 * np.sqrt(expected)


def radii(x):
    return np.linalg.norm(x, axis=1)


def test_points_on_and_in_round_shapes():
    ring, disk = draw(rk.sample_unit_ring, rk.vec2), draw(rk.sample_unit_disk, rk.vec2)
    np.testing.assert_allclose(radii(ring), 1, atol=2e-7)
    assert uniform_in(-np.pi, np.pi)(np.arctan2(ring[:, 1], ring[:, 0])) > 1e-3
    assert uniform_in(0, 1)(radii(disk) ** 2) > 1e-3
    sphere, ball = draw(rk.sample_unit_sphere_surface, rk.vec3), draw(rk.sample_unit_sphere, rk.vec3)
    np.testing.assert_allclose(radii(sphere), 1, atol=3e-7)
    # each coordinate of a sphere is uniform (Archimedes)
    for axis in range(3):
        assert uniform_in(-1, 1)(sphere[:, axis]) > 1e-3
    assert uniform_in(0, 1)(radii(ball) ** 3) > 1e-3
    cap, half = draw(rk.sample_unit_hemisphere_surface, rk.vec3), draw(rk.sample_unit_hemisphere, rk.vec3)
    assert uniform_in(0, 1)(cap[:, 2]) > 1e-3 and uniform_in(0, 1)(radii(half) ** 3) > 1e-3
    assert half[:, 2].min() >= 0
    assert abs(half[:, :2].mean(axis=0)).max() < 4 * np.sqrt(0.2 / COUNT)


def test_points_in_square_cube_and_triangle():
    for func, result in ((rk.sample_unit_square, rk.vec2), (rk.sample_unit_cube, rk.vec3)):
        for column in draw(func, result, check_interpreter=True).T:
            assert uniform_in(-0.5, 0.5)(column) > 1e-3
    u, v = draw(rk.sample_triangle, rk.vec2).T
    assert u.min() >= 0 and v.min() >= 0 and (u + v).max() <= 1
    for side in (u, v, 1 - u - v):
        assert stats.kstest(side, "beta", args=(1, 2)).pvalue > 1e-3


def test_cumulative_distribution():
    @rk.kernel
    def pick(cdf: rk.array(dtype=float), out: rk.array(dtype=int)):
        i = rk.tid()
        state = rk.rand_init(3, i)
        out[i] = rk.sample_cdf(state, cdf)

    weights = np.array([0.1, 0.4, 0.0, 0.2, 0.3])
    out = rk.zeros(COUNT, dtype=int)
    rk.launch(pick, dim=COUNT, inputs=[rk.array(np.cumsum(weights), dtype=float), out])
    counts = np.bincount(out.numpy(), minlength=5)
    assert (
        counts[2] == 0 and stats.chisquare(counts[[0, 1, 3, 4]], COUNT * weights[[0, 1, 3, 4]]).pvalue > 1e-3
    )


@pytest.mark.parametrize("scalar", [rk.float32, rk.int32, rk.uint64], ids=str)
def test_lower_bound(scalar):
    @rk.kernel
    def find(a: rk.array(dtype=scalar), x: rk.array(dtype=scalar), out: rk.array2d(dtype=int)):
        i = rk.tid()
        out[i, 0] = rk.lower_bound(a, x[i])
        out[i, 1] = rk.lower_bound(a, 10, 20, x[i])

    a = np.sort(np.random.default_rng(0).integers(0, 60, 40)).astype(scalar.name)
    x = np.arange(0, 62).astype(scalar.name)
    out = rk.zeros((62, 2), dtype=int)
    rk.launch(find, dim=62, inputs=[rk.array(a, dtype=scalar), rk.array(x, dtype=scalar), out])
    ends = np.searchsorted(a, x).clip(max=39), 10 + np.searchsorted(a[10:20], x).clip(max=9)
    want = np.stack(ends, axis=1)
    np.testing.assert_array_equal(out.numpy(), want)
