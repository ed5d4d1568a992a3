"""What `benchmarks.gradients` times: kernels and the work with them, one text for robokern and for Warp."""
