"""Reverse mode of a func: from a Func to the Func that takes its arguments and the adjoints of its results.

    y = f(x, n)      ->      x_adjoint = pullback_f(x, n, y_adjoint)

Results are the adjoints of the parameters that carry floats, as in derivatives written by hand
(`Func.gradient`). The Func is ordinary code: a kernel that calls it can be differentiated again.
"""

from __future__ import annotations

from dataclasses import replace

from robokern.compiler.adjoint_activity import Analysis, refuse
from robokern.compiler.adjoint_inline import carries_float, inline
from robokern.compiler.adjoint_rules import Adjoints, Env, leaf
from robokern.compiler.adjoint_sweep import Sweep
from robokern.compiler.prune import prune
from robokern.compiler.simplify import simplify
from robokern.ir import layout
from robokern.ir.nodes import Block, Func, Value


def pullback(func: Func) -> Func:
    """The reverse derivative of a func; arrays it reads are constant.

    Raises:
        AdjointError: it writes to an array, or has no exact derivative.
    """
    if func.gradient is not None:
        return func.gradient()
    own = inline(func)
    wanted = [p for p in own.params if carries_float(p.type)]
    facts = Analysis(own, set(), set(wanted)).run()
    for access in facts.accesses:
        if access.writes and access.root[0] != "local":
            raise refuse("the func writes to an array", access.op.loc, "return the value")
    sweep = Sweep(facts)
    env: Env = {p: p for p in own.params}
    sweep.replay(own.body, env)
    seeds, adj = _seeded(sweep, own.body)
    sweep.reverse(own.body, env, adj)
    found = [sweep.joined(p, adj.get(p, [None] * len(layout.leaves(p.type)))) for p in wanted]
    derived = replace(
        own,
        name=f"pullback_{func.name}",
        params=(*own.params, *seeds),
        names=(*own.names, *(f"adj_{k}" for k in range(len(seeds)))),
        body=Block((), [*sweep.hoisted, *sweep.b.body.ops], tuple(found)),
        asserts=[],
        contract=False,
        gradient=None,
        replay=None,
    )
    return simplify(prune(derived))


def _seeded(sweep: Sweep, body: Block) -> tuple[list[Value], Adjoints]:
    """Parameters for the adjoints of what a body yields, and what they add to."""
    seeds: list[Value] = []
    adj: Adjoints = {}
    for value in body.yields:
        if carries_float(value.type):
            seeds.append(Value(value.type))
            for k in range(len(layout.leaves(value.type))):
                sweep.accumulate(adj, value, k, leaf(sweep.b, seeds[-1], k))
    return seeds, adj
