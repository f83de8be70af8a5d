"""The hand-over of work as a small world, and every state that it can come to; `handover.md` says in words what it shows.

`python -m docs.models.handover` explores it and prints the counts.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

MAX_ATTEMPTS: Final = 2
"""Leases that may run out on a job before it fails: one less than in the product, so that two faults reach it."""

BOUND: Final = 2
"""Messages that the dispatcher keeps in the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules of the hand-over, each of which can be taken away to see what it is for."""

    fence_checked: bool = True  # a write lands only with the fence of the latest claim
    reconciled: bool = True  # a lease that ran out is seen, and its job queued again
    rows_counted: bool = True  # the dispatcher looks at the rows; else one message is sent when a row is written, and trusted
    one_transaction: bool = True  # the end of a slice and the row of the next are written together
    restored: bool = True  # the transport gives messages back whose worker fell silent
    acked_late: bool = True  # a message leaves the in-flight hash after the work, not before it
    slices: tuple[int, ...] = (2, 1)  # the jobs of the world: one that hands over once, one that does not

    def without(self, rule: str) -> "Rules":
        """Return these rules without the one that is named."""
        return replace(self, **{rule: False})  # type: ignore[arg-type] # a rule's name, never `slices`


class Row(NamedTuple):
    """A job as the table has it; `part` is the slice that it stands for."""

    part: int = 0
    state: str = "queued"  # then running, then ended; `cut` is the end of a slice whose next one is not written yet
    fence: int = 0
    expired: bool = False
    attempts: int = 0


class Worker(NamedTuple):
    """A pool process: what it does, for which claim, and whether the in-flight hash has its message."""

    phase: str = "idle"  # then popped, message, working, done; or dead; `between` an end and the next slice
    job: int = -1
    part: int = 0
    fence: int = 0
    noted: bool = False
    frozen: bool = False


class World(NamedTuple):
    """Everything that counts."""

    rows: tuple[Row, ...]
    workers: tuple[Worker, ...] = (Worker(), Worker())
    listed: int = 0  # messages in the list
    orphans: int = 0  # messages in flight whose worker is dead
    look: int = -1  # what the dispatcher saw and has not acted on
    stale: int = -1  # what a leader saw before it froze
    dying: tuple[tuple[int, int, int], ...] = ()  # claims of the reconciler on jobs that it is about to fail
    faults: int = 0  # still to come

    @property
    def ended(self) -> bool:
        """Whether every job has ended."""
        return all(row.state == "ended" for row in self.rows)


class Step(NamedTuple):
    """Something that can happen, and what is wrong with it, if anything."""

    name: str
    after: World
    fault: bool = False
    wrong: str = ""


class Finding(NamedTuple):
    """What the exploration found: how many states, and a way to something wrong."""

    states: int
    wrong: str
    trace: tuple[str, ...]


def explore(rules: Rules, *, faults: int) -> Finding:
    """Visit every state, nearest first; stop at the first wrong step, else look for a state from which the work cannot end.

    From each state one must be reachable, without another fault, in which every job has ended.
    """
    rows = tuple(Row() for _ in rules.slices)
    first = World(rows=rows, faults=faults, listed=0 if rules.rows_counted else len(rows))
    came: dict[World, tuple[World, str] | None] = {first: None}
    before: dict[World, list[World]] = {}
    waiting = deque([first])
    while waiting:
        world = waiting.popleft()
        for step in steps(world, rules):
            if step.wrong:
                return Finding(len(came), step.wrong, (*_trace(came, world), step.name))
            after = step.after._replace(workers=tuple(sorted(step.after.workers)))  # they are alike
            if not step.fault:
                before.setdefault(after, []).append(world)
            if after not in came:
                came[after] = (world, step.name)
                waiting.append(after)
    home = _leading_home(came, before)
    stuck = next((world for world in came if world not in home), None)
    if stuck is not None:
        return Finding(len(came), "work is lost: it can never end", _trace(came, stuck))
    return Finding(len(came), "", ())


def steps(world: World, rules: Rules) -> Iterator[Step]:
    """Yield everything that can happen next."""
    for place, worker in enumerate(world.workers):
        if worker.phase == "dead":
            yield Step("the supervisor starts a worker again", _put(world, place, Worker()))
        elif worker.frozen:
            yield Step("a frozen worker goes on", _put(world, place, worker._replace(frozen=False)))
        else:
            yield from _work(world, place, worker, rules)
        yield from _faults_of(world, place, worker)
        if rules.restored and worker.noted and worker.frozen:
            yield Step("the transport restores a frozen worker's message", _restored(world, place))
    if rules.restored and world.orphans:
        yield Step("the transport restores a message", world._replace(orphans=world.orphans - 1, listed=world.listed + 1))
    yield from _time(world)
    yield from _dispatch(world, rules)
    if rules.reconciled:
        yield from _reconcile(world, rules)
    yield from _faults_of_stores(world)


def _work(world: World, place: int, worker: Worker, rules: Rules) -> Iterator[Step]:
    match worker.phase:
        case "idle":
            if world.listed:
                yield Step("a worker pops a message", _put(world, place, Worker("popped"))._replace(listed=world.listed - 1))
        case "popped":
            yield Step("its transport notes it as in flight", _put(world, place, Worker("message", noted=rules.acked_late)))
        case "message":
            runnable = [job for job, row in enumerate(world.rows) if row.state == "queued"]
            if not runnable:
                yield Step("a worker finds nothing runnable", _put(world, place, worker._replace(phase="done")))
            for job in runnable:
                row = world.rows[job]
                held = row._replace(state="running", fence=row.fence + 1)
                claimed = worker._replace(phase="working", job=job, part=row.part, fence=held.fence)
                yield Step(f"a worker claims job {job}", _put(_row(world, job, held), place, claimed))
        case "working":
            yield _finish(world, place, worker, rules)
        case "between":
            yield Step(
                f"the next slice of job {worker.job} is written", _queued(_done(world, place), worker.job, Row(worker.part + 1), rules)
            )
        case "done":
            yield Step("a worker acknowledges its message", _put(world, place, Worker()))


def _finish(world: World, place: int, worker: Worker, rules: Rules) -> Step:
    """End a slice: the row of the next comes with it, or the job has ended."""
    job, row = worker.job, world.rows[worker.job]
    holds = row.state == "running" and row.part == worker.part
    if not holds or (rules.fence_checked and row.fence != worker.fence):
        return Step(f"a late write on job {job} is refused", _done(world, place))
    wrong = "" if row.fence == worker.fence else "a write landed whose lease somebody else holds"
    if worker.part + 1 == rules.slices[job]:
        return Step(f"job {job} ends", _row(_done(world, place), job, Row(state="ended")), wrong=wrong)
    name = f"a slice of job {job} ends"
    if rules.one_transaction:
        return Step(name, _queued(_done(world, place), job, Row(worker.part + 1), rules), wrong=wrong)
    cut = _row(world, job, Row(worker.part, "cut"))
    return Step(name, _put(cut, place, worker._replace(phase="between")), wrong=wrong)


def _time(world: World) -> Iterator[Step]:
    """Let a lease run out that nobody renews."""
    beating = {(one.job, one.part, one.fence) for one in world.workers if one.phase == "working" and not one.frozen}
    for job, row in enumerate(world.rows):
        if row.state == "running" and not row.expired and (job, row.part, row.fence) not in beating:
            yield Step(f"the lease of job {job} runs out", _row(world, job, row._replace(expired=True)))


def _dispatch(world: World, rules: Rules) -> Iterator[Step]:
    """Look, and then act on what was seen, whatever has happened in between."""
    if not rules.rows_counted:
        return
    if world.look < 0:
        runnable = sum(row.state == "queued" for row in world.rows)
        if runnable:
            yield Step("the dispatcher looks", world._replace(look=min(runnable, BOUND)))
    else:
        listed = max(world.listed, world.look)
        yield Step("the dispatcher tops the list up", world._replace(look=-1, listed=listed))
    if world.stale >= 0:
        yield Step("a leader of before sends what it saw missing", world._replace(stale=-1, listed=max(world.listed, world.stale)))


def _reconcile(world: World, rules: Rules) -> Iterator[Step]:
    """Queue a job again whose lease ran out, an attempt and a fence spent; or claim it to fail it, in a transaction of its own."""
    for job, row in enumerate(world.rows):
        if row.state == "running" and row.expired:
            spent = row._replace(fence=row.fence + 1, attempts=row.attempts + 1)
            if spent.attempts < MAX_ATTEMPTS:
                yield Step(f"the reconciler queues job {job} again", _queued(world, job, spent._replace(expired=False), rules))
            elif not any(claim[0] == job for claim in world.dying):
                dying = (*world.dying, (job, row.part, spent.fence))
                yield Step(f"the reconciler takes job {job} to fail it", _row(world, job, spent)._replace(dying=dying))
    for claim in world.dying:
        job, part, fence = claim
        row = world.rows[job]
        without = world._replace(dying=tuple(one for one in world.dying if one != claim))
        if row.state == "running" and (row.part, row.fence) == (part, fence):
            yield Step(f"job {job} fails, its attempts being spent", _row(without, job, Row(state="ended")))
        else:
            yield Step(f"failing job {job} comes too late", without)


def _faults_of(world: World, place: int, worker: Worker) -> Iterator[Step]:
    """Kill a worker, or freeze it."""
    if not world.faults or worker.phase == "dead":
        return
    hit = world._replace(faults=world.faults - 1)
    left = hit._replace(orphans=hit.orphans + worker.noted)
    yield Step(f"a worker is killed ({worker.phase})", _put(left, place, Worker("dead")), fault=True)
    if not worker.frozen and worker.phase != "idle":
        yield Step(f"a worker freezes ({worker.phase})", _put(hit, place, worker._replace(frozen=True)), fault=True)


def _faults_of_stores(world: World) -> Iterator[Step]:
    """Lose a message, deliver one twice, empty Redis, kill the leader or freeze it."""
    if not world.faults:
        return
    hit = world._replace(faults=world.faults - 1)
    if world.listed:
        yield Step("a message is lost", hit._replace(listed=world.listed - 1), fault=True)
        yield Step("a message comes twice", hit._replace(listed=world.listed + 1), fault=True)
    if world.listed or world.orphans:
        forgotten = tuple(one._replace(noted=False) for one in world.workers)
        yield Step("Redis loses everything", hit._replace(listed=0, orphans=0, workers=forgotten), fault=True)
    if world.look >= 0 or world.dying:
        yield Step("the leader is killed", hit._replace(look=-1, dying=()), fault=True)
    if world.look >= 0 and world.stale < 0:
        yield Step("the leader freezes, another leads", hit._replace(look=-1, stale=world.look), fault=True)


def _put(world: World, place: int, worker: Worker) -> World:
    return world._replace(workers=(*world.workers[:place], worker, *world.workers[place + 1 :]))


def _row(world: World, job: int, row: Row) -> World:
    return world._replace(rows=(*world.rows[:job], row, *world.rows[job + 1 :]))


def _queued(world: World, job: int, row: Row, rules: Rules) -> World:
    """Queue a row; where messages are trusted, one is sent with it."""
    return _row(world, job, row._replace(state="queued"))._replace(listed=world.listed + (not rules.rows_counted))


def _done(world: World, place: int) -> World:
    return _put(world, place, Worker("done", noted=world.workers[place].noted))


def _restored(world: World, place: int) -> World:
    return _put(world, place, world.workers[place]._replace(noted=False))._replace(listed=world.listed + 1)


def _leading_home(worlds: dict[World, tuple[World, str] | None], before: dict[World, list[World]]) -> set[World]:
    """Return the states from which one is reachable, without a fault, in which everything has ended."""
    home = {world for world in worlds if world.ended}
    waiting = list(home)
    while waiting:
        for world in before.get(waiting.pop(), ()):
            if world not in home:
                home.add(world)
                waiting.append(world)
    return home


def _trace(came: dict[World, tuple[World, str] | None], world: World) -> tuple[str, ...]:
    names: list[str] = []
    while (step := came[world]) is not None:
        world, name = step
        names.append(name)
    return tuple(reversed(names))


def main() -> None:
    """Print what is found with all rules, and without each."""
    for faults in (0, 1, 2):
        _say(f"all rules, {faults} faults", explore(Rules(), faults=faults))
    for name in ("fence_checked", "reconciled", "rows_counted", "one_transaction", "restored", "acked_late"):
        _say(f"without {name}, 1 fault", explore(Rules().without(name), faults=1))


def _say(name: str, finding: Finding) -> None:
    print(f"{name}: {finding.states} states, {finding.wrong or 'nothing wrong'}", *finding.trace, sep="\n    ")


if __name__ == "__main__":
    main()
