"""Somebody of flesh and blood uses a demo's kiosk and terminal while its day goes on."""

from datetime import date, time
from pathlib import Path

from rich.console import Console

from contract import commands as c
from contract.commands import Answer, AnyCommand
from runtime.hub_client import HubClient
from simulation.clock import SimulatedTime
from simulation.demo.run import Demo, Plan
from simulation.demo.screen import Screen
from simulation.demo.stage import Stage
from simulation.visits import at

MONDAY = date(2026, 11, 23)


def test_a_visitor_who_takes_a_counter_and_a_number_harms_nothing(tmp_path: Path) -> None:
    plan = Plan(tmp_path, sites=1, seed=5, speed=10_000.0, day=MONDAY)
    simulated = SimulatedTime(at(MONDAY, time(6, 30)), plan.speed)
    with Stage(plan.root, plan.communes, simulated, plan.seed) as stage:
        demo = Demo(plan, simulated, stage, Screen(Console(quiet=True), drawing=False))
        (site,) = stage.sites
        kiosk = site.device("kiosk-2", "kiosk")
        visitor = site.staff("khach", "supervisor")
        service = site.rules.services[0].id
        numbers: list[str] = []

        def order(command: AnyCommand) -> None:
            answer = visitor.command(command)
            assert isinstance(answer, Answer), answer

        def take_a_number() -> None:
            answer = kiosk.command(c.IssueTicket((service,)))
            assert isinstance(answer, Answer)
            assert answer.number is not None
            numbers.append(answer.number)

        def sit_down_before_the_clerk() -> None:
            order(c.SignIn("1"))
            order(c.OpenCounter("1"))

        for clock, happening in (
            (time(6, 31), sit_down_before_the_clerk),
            (time(8, 0), take_a_number),
            (time(8, 30), lambda: order(c.CallNext("1"))),
            (time(8, 33), lambda: order(c.StartService("1"))),
            (time(8, 40), lambda: order(c.FinishService("1"))),
            (time(8, 45), lambda: order(c.SignOut("1"))),
            (time(10, 0), lambda: end_what_others_do(visitor)),
            (time(16, 30), take_a_number),
        ):
            demo.agenda.plan(at(MONDAY, clock), happening)
        demo.live()
        assert demo.settle()
        summary = demo.summary()
        left = visitor.snapshot()

    assert summary["agree"], summary
    assert len(numbers) == 2
    assert not left.waiting
    worked = {row["counter"]: row for row in summary["sites"][0]["counters"]}
    assert worked["1"]["finished"] > 1


def end_what_others_do(visitor: HubClient) -> None:
    """Finish, void and pause under the hands of the clerks."""
    there = visitor.snapshot()
    for counter in there.counters:
        visitor.command(c.FinishService(counter.counter))
        visitor.command(c.PauseCounter(counter.counter, "lunch"))
    for ticket in (*there.waiting, *there.parked):
        visitor.command(c.VoidTicket(ticket.number, "khách thử"))
