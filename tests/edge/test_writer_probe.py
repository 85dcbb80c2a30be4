import threading
from pathlib import Path

from contract.commands import IssueTicket, Order
from edge.hub import Hub
from edge.writer_probe import writer_answers
from tests.edge.running_site import IDENTITY, KIOSK, RULES, RunningHub, TestClock


def test_a_probe_is_answered_and_leaves_nothing_in_the_journal(tmp_path: Path) -> None:
    site = RunningHub(tmp_path, TestClock())
    site.give(KIOSK, IssueTicket(("1",)))
    last_seq = site.hub.journal.last_seq
    assert writer_answers(site.hub)
    assert site.hub.journal.last_seq == last_seq
    site.close()


def test_a_writer_that_hangs_does_not_answer_and_one_that_goes_on_does(tmp_path: Path) -> None:
    go_on = threading.Event()

    def hang(*_: object) -> None:
        go_on.wait(10)

    hub = Hub(IDENTITY, RULES, tmp_path, TestClock(), hang)
    hub.start()
    hub.submit(Order(b"1", KIOSK, IssueTicket(("1",))))
    assert not writer_answers(hub, within_s=0.1)
    go_on.set()
    assert writer_answers(hub)
    hub.close()
