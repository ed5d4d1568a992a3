"""What `benchmarks.cuda` runs on both libraries."""
