"""A fountain of particles: kernels, structs, random numbers. `python examples/particles.py`"""

import robokern as rk

GRAVITY = rk.vec3(0.0, 0.0, -9.81)  # [m/s^2]


@rk.struct
class Particle:
    position: rk.vec3  # [m]
    velocity: rk.vec3  # [m/s]


@rk.kernel
def launch_particles(particles: rk.array(dtype=Particle), seed: int):
    i = rk.tid()
    state = rk.rand_init(seed, i)
    sideways = rk.sample_unit_disk(state)
    particles[i] = Particle(velocity=rk.vec3(sideways[0], sideways[1], 5.0 + rk.randf(state)))


@rk.kernel
def step(particles: rk.array(dtype=Particle), restitution: float, dt: float):
    """Symplectic Euler; the floor is z = 0."""
    i = rk.tid()
    p = particles[i]
    p.velocity += GRAVITY * dt
    p.position += p.velocity * dt
    if p.position.z < 0.0 and p.velocity.z < 0.0:
        p.position.z = 0.0
        p.velocity.z = -restitution * p.velocity.z
    particles[i] = p


def main(count: int = 100_000, steps: int = 150, dt: float = 0.01) -> None:
    particles = rk.zeros(count, dtype=Particle)
    rk.launch(launch_particles, dim=count, inputs=[particles, 42])
    for _ in range(steps):
        rk.launch(step, dim=count, inputs=[particles, 0.5, dt])
    height = particles.numpy()["position"][:, 2]
    print(f"after {steps * dt:.1f} s: {count} particles, ", end="")
    print(f"highest at {height.max():.3f} m, mean {height.mean():.3f} m")


if __name__ == "__main__":
    main()
