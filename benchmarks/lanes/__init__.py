"""What `benchmarks/cpu_kernels.py` runs: kernels for robokern, Warp, numba and C++, and their arguments."""
