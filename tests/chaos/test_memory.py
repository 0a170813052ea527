"""Memory in a chaos run: a process is compared with itself."""

from tests.chaos.memory import MIB, Memory


def test_memory_is_compared_with_what_the_process_was_when_it_was_warm() -> None:
    memory = Memory()
    for at in range(200):
        memory.note("old", 1, at, (50 + (at == 60)) * MIB)
        memory.note("young", 2 if at < 100 else 3, at, (40 if at < 130 else 45) * MIB)
        memory.note("newborn", 4 if at < 190 else 5, at, (30 if at < 195 else 33) * MIB)
    old, young, newborn = (
        next(row for row in memory.rows((20, 24), (195, 199)) if row.name == name)
        for name in ("old", "young", "newborn")
    )
    assert (old.processes, old.before, old.peak, old.own, old.after, old.grown) == (
        1, *(size * MIB for size in (50, 51, 50, 50, 0)),
    )  # fmt: skip
    assert (young.processes, young.before, young.own, young.grown) == (
        2,
        40 * MIB,
        40 * MIB,
        5 * MIB,
    )
    assert (newborn.own, newborn.grown) == (0, 3 * MIB)
