"""`rk.config`: Warp's options that work here, those that are taken, and those that nobody has."""

import importlib.util
import warnings
from pathlib import Path

import pytest

import robokern as rk
from robokern.compiler import options, warp_options
from robokern.runtime import cache


@pytest.fixture(autouse=True)
def as_before(monkeypatch):
    monkeypatch.setattr(warp_options, "_said", set())
    yield
    rk.config.print_launches, rk.config.verify_cuda = False, False
    rk.config.cache_kernels, rk.config.kernel_cache_dir = True, None
    for name in warp_options.DEFAULTS:
        vars(rk.config).pop(name, None)


@rk.kernel
def add_one(x: rk.array(dtype=float), by: float):
    x[rk.tid()] += by


OURS = {"mode", "verify_fp", "max_unroll", "enable_backward", *options._PROCESS}


def test_every_option_of_warp_is_known():
    warp = pytest.importorskip("warp", reason="the peer: pip install robokern[bench]")
    own = {n for n in vars(warp.config) if not n.startswith("_") and n.islower()} - {"version"}
    assert own - OURS - warp_options.DEFAULTS.keys() - {"annotations"} == set()


def test_defaults_are_warps():
    pytest.importorskip("warp", reason="the peer: pip install robokern[bench]")
    spec = importlib.util.find_spec("warp.config")
    fresh = importlib.util.module_from_spec(spec)  # other tests change the one that is imported
    spec.loader.exec_module(fresh)
    for name, default in warp_options.DEFAULTS.items():
        if hasattr(fresh, name) and default is not None and name != "load_module_max_workers":
            assert getattr(fresh, name) == default, name
            assert getattr(rk.config, name) == default


@pytest.mark.parametrize("name", sorted(warp_options.SILENT))
def test_taken_in_silence(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        setattr(rk.config, name, "anything")
    assert getattr(rk.config, name) == "anything"


@pytest.mark.parametrize("name", sorted(warp_options.WARNED))
def test_taken_with_one_warning(name):
    with pytest.warns(UserWarning, match=f"option '{name}' of Warp does nothing: ") as seen:
        setattr(rk.config, name, "other")
    assert Path(seen[0].filename) == Path(__file__)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        setattr(rk.config, name, "other still")


def test_modules_and_kernels_take_them_too():
    with pytest.warns(UserWarning, match="option 'block_dim' of Warp does nothing") as seen:
        rk.set_module_options({"block_dim": 64, "lineinfo": True, "max_unroll": 4})
    assert Path(seen[0].filename) == Path(__file__)
    assert rk.get_module_options()["max_unroll"] == 4 and "block_dim" not in rk.get_module_options()
    rk.set_module_options({"max_unroll": 16})
    with pytest.warns(UserWarning, match="option 'fuse_fp'"):
        rk.kernel(module_options={"fuse_fp": False})(add_one.overload.python)
    with pytest.warns(UserWarning, match="option 'cuda_output'") as seen:
        rk.kernel(cuda_output="cubin", enable_backward=False)(add_one.overload.python)
    assert Path(seen[0].filename) == Path(__file__)


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="there is no option 'verbos' "):
        rk.config.verbos = True
    with pytest.raises(AttributeError, match="there is no option 'verbos' "):
        _ = rk.config.verbos
    with pytest.raises(ValueError, match="there is no option 'verbos' "):
        rk.set_module_options({"verbos": True})
    with pytest.raises(ValueError, match="option 'print_launches' takes bool, got 'yes'"):
        rk.config.print_launches = "yes"
    with pytest.raises(ValueError, match="option 'kernel_cache_dir' takes str or Path or None, got 3"):
        rk.config.kernel_cache_dir = 3


def test_launches_are_printed(device, capsys):
    x = rk.zeros((2, 3), dtype=float, device=device).flatten()
    rk.launch(add_one, dim=6, inputs=[x, 1.5], device=device)
    rk.config.print_launches = True
    rk.config.verify_cuda = True
    recorded = rk.launch(add_one, dim=6, inputs=[x, 1.5], device=device, record_cmd=True)
    rk.launch(add_one, dim=6, inputs=[x, 1.5], device=device)
    recorded.launch()
    line = f"kernel add_one: dim (6,), x=array(dtype=float32) of shape (6,), by=1.5, on {device}\n"
    assert capsys.readouterr().out == line * 2
    rk.config.print_launches = False
    rk.launch(add_one, dim=6, inputs=[x, 1.5], device=device)
    assert capsys.readouterr().out == "" and x.list() == [6.0] * 6


def test_the_cache_folder_can_be_chosen(tmp_path):
    rk.config.kernel_cache_dir = str(tmp_path / "kernels")
    rk.launch(add_one, dim=3, inputs=[rk.zeros(3), 1.0])
    assert len(list((tmp_path / "kernels").rglob("*.o"))) >= 1
    rk.config.kernel_cache_dir = tmp_path / "other"
    assert cache.object_cache().folder == tmp_path / "other"


def test_nothing_is_kept_on_disk_without_a_cache(tmp_path):
    rk.config.kernel_cache_dir, rk.config.cache_kernels = tmp_path / "kernels", False
    x = rk.zeros(3)
    rk.launch(add_one, dim=3, inputs=[x, 1.0])
    assert x.list() == [1.0] * 3 and not (tmp_path / "kernels").exists()
