"""The API's answers about periods, machines, single events, and changes as they come."""

import json
from typing import Any

import httpx
import pytest

from contract.codec import decode_entry
from tests.central.journal import DAY, NODE
from tests.central.nation import (
    NOW_MS,
    OTHER_SITE,
    QUIET_SITE,
    SITE,
    UNREGISTERED_SITE,
    Nation,
    answer,
    exact,
)

# --- rankings ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("by", "share"), [("p50", 0.5), ("p90", 0.9), ("longest", 1.0)])
def test_sites_are_ranked_by_waits_of_a_period(
    served: Nation, national: httpx.Client, by: str, share: float
) -> None:
    ranking = answer(national, f"/ranking?by={by}&from=2026-11-01&to={DAY}")
    places = ranking["places"]
    figures = [place["waits"][f"{by}_ms"] for place in places]
    assert figures[-1] is None
    assert figures[:-1] == sorted(figures[:-1], reverse=True)
    assert [place["place"] for place in places] == [1, 2, 3, 4]
    assert places[-1]["code"] == QUIET_SITE
    first = next(place for place in places if place["code"] == SITE)
    expected = exact(served.days[SITE].waits, share)
    assert abs(first["waits"][f"{by}_ms"] - expected) <= 0.015 * expected
    assert first["freshness"]["complete_up_to"] == "2026-11-20T10:41:55+07:00"
    assert {place["code"]: place["name"] for place in places} == {
        SITE: "Trung tâm phường Hồng Hà",
        OTHER_SITE: "Trung tâm phường Hải Châu",
        QUIET_SITE: "Trung tâm phường Ba Đình",
        UNREGISTERED_SITE: None,
    }


def test_those_who_wait_now_are_ranked_exactly_and_only_where_it_is_known(
    served: Nation, national: httpx.Client
) -> None:
    ranking = answer(national, "/ranking?when=now&by=longest")
    assert ranking["places"][0]["code"] == SITE
    waits = ranking["places"][0]["waits"]
    issued = [
        entry.stamp.wall_ms
        for entry in served.days[SITE].journal.entries
        if type(entry.event).__name__ == "TicketIssued"
    ][-4:]
    assert waits["n"] == 4
    assert waits["longest_ms"] == NOW_MS - min(issued)
    assert {place["waits"]["n"] for place in ranking["places"][1:]} == {0}
    assert {place["reporting"] for place in ranking["places"][1:]} == {0}


def test_units_and_provinces_are_ranked_too(national: httpx.Client) -> None:
    units = answer(national, "/ranking?of=units")["places"]
    assert {place["name"] for place in units} >= {"Phường Hồng Hà", "Phường Hải Vân"}
    provinces = answer(national, "/ranking?of=provinces")["places"]
    assert {place["code"]: place["sites"] for place in provinces} == {"01": 3, "48": 1}
    hanoi = answer(national, "/ranking?of=units&province=01")["places"]
    assert {place["province"] for place in hanoi} == {"01"}


def test_long_lists_come_in_pages(national: httpx.Client) -> None:
    for path, name in (("/ranking", "places"), ("/units", "units"), ("/nodes", "nodes")):
        whole = answer(national, path)
        paged: list[Any] = []
        offset: int | None = 0
        while offset is not None:
            page = answer(national, f"{path}?offset={offset}&limit=2")
            assert page["total"] == whole["total"] == len(whole[name])
            paged += page[name]
            offset = page["next_offset"]
        assert paged == whole[name]


# --- trends, throughput, ratings --------------------------------------------------------------


def test_a_trend_has_every_day_and_every_month(served: Nation, national: httpx.Client) -> None:
    days = answer(national, "/trends/day")["points"]
    assert (len(days), days[0]["first_day"], days[-1]["last_day"]) == (30, "2026-10-22", DAY)
    assert days[-1]["figures"] == answer(national, "/overview")["figures"]
    assert {point["figures"]["issued"] for point in days[:-1]} == {0}
    months = answer(national, f"/trends/month?site={SITE}")["points"]
    assert (len(months), months[0]["first_day"]) == (12, "2025-12-01")
    assert (months[-1]["first_day"], months[-1]["last_day"]) == ("2026-11-01", DAY)
    assert months[-1]["figures"]["issued"] == served.days[SITE].issued


def test_throughput_splits_the_time_of_counters(served: Nation, national: httpx.Client) -> None:
    made = served.days[SITE]
    found = answer(national, f"/sites/{SITE}/throughput?from=2026-11-01&to={DAY}")
    assert found["wait"]["n"] == len(made.waits)
    assert sum(counter["service_ms"] for counter in found["counters"]) == sum(made.services)
    of_day = answer(national, f"/sites/{SITE}/days/{DAY}")["counters"]
    assert found["counters"] == of_day
    for counter in found["counters"]:
        hours = sum(counter[f"{part}_ms"] for part in ("service", "walk", "idle")) / 3_600_000
        assert counter["visits_per_open_hour"] == round(counter["visits"] / hours, 2)


def test_ratings_have_a_rate_with_its_interval(served: Nation, national: httpx.Client) -> None:
    made = served.days[SITE]
    found = answer(national, f"/ratings?site={SITE}")
    total = found["total"]
    assert (total["answers"], total["finished"]) == (made.ratings, made.finished)
    assert total["response_rate"] == round(made.ratings / made.finished, 4)
    interval = total["response_interval"]
    assert interval["low"] < total["response_rate"] < interval["high"]
    assert total["satisfied"] is None, "nobody was dissatisfied, and that cell is under five"
    assert sum(service["finished"] for service in found["services"]) == made.finished
    few = answer(national, f"/ratings?site={UNREGISTERED_SITE}")
    assert few["total"]["answers"] is None
    assert few["total"]["response_interval"] is None


# --- machines and single events ---------------------------------------------------------------


def test_hubs_are_listed_and_the_silent_come_first(national: httpx.Client) -> None:
    nodes = answer(national, "/nodes")["nodes"]
    assert [node["freshness"]["state"] for node in nodes] == ["offline", "delayed", "live"]
    assert nodes[-1]["node"]["software"] == "0.1.0"
    assert [node["site"] for node in answer(national, "/nodes?province=48")["nodes"]] == [
        OTHER_SITE
    ]


def test_devices_are_as_their_last_event_says(national: httpx.Client) -> None:
    found = answer(national, f"/sites/{SITE}/devices")
    states = {device["device"]: device for device in found["devices"]}
    assert states["printer"]["state"] == "paper_low"
    assert (states["display-2"]["state"], states["display-2"]["condition"]) == (
        "lost",
        "no-answer",
    )
    assert states["display-2"]["since"] == "2026-11-20T10:11:00+07:00"
    assert answer(national, f"/sites/{QUIET_SITE}/devices")["devices"] == []


def test_auditors_read_every_event_as_it_was_sent_and_that_is_noted(served: Nation) -> None:
    journal = served.days[SITE].journal
    with served.client("auditor") as client:
        rows: list[Any] = []
        after: str | None = "0.0"
        while after is not None:
            page = answer(client, f"/sites/{SITE}/events?limit=50&after={after}")
            rows += page["events"]
            after = page["next_after"]
        entries = [decode_entry(row) for row in journal.rows]
        assert [(row["seq"], row["event"]) for row in rows] == [
            (entry.seq, type(entry.event).__name__) for entry in entries
        ]
        called = next(row for row in rows if row["event"] == "TicketCalled")
        assert called["node"] == NODE
        assert called["fields"]["wait"]["ms"] in served.days[SITE].waits
        lost = answer(client, f"/sites/{SITE}/events?event=DeviceLost")["events"]
        assert [row["fields"]["device"] for row in lost] == ["printer", "display-2"]
        lines = answer(client, "/audit?limit=500")["lines"]
        read = [line for line in lines if line["action"] == "events-read"]
        assert {(line["who"], line["address"]) for line in read} == {("auditor", "127.0.0.1")}
        assert read[0]["subject"] == f"{SITE} after 0.0"
        assert [line["entry"] for line in lines] == list(range(1, len(lines) + 1))
        later = answer(client, f"/audit?after={lines[0]['entry']}&limit=2")
        assert later["lines"] == lines[1:3]
        assert later["next_after"] == lines[2]["entry"]


# --- form -------------------------------------------------------------------------------------


def test_an_answer_is_not_sent_again_to_who_has_it(national: httpx.Client) -> None:
    first = national.get("/api/v1/ranking")
    tag = first.headers["etag"]
    again = national.get("/api/v1/ranking", headers={"If-None-Match": f'"x", W/{tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == tag
    assert again.headers["cache-control"] == "private, no-cache"
    other = national.get("/api/v1/ranking?by=p50", headers={"If-None-Match": tag})
    assert other.status_code == 200
    assert "etag" not in national.get("/api/v1/nothing").headers


@pytest.mark.parametrize(
    "query",
    ["from=2026-11-20&to=2026-11-19", "from=2020-01-01&to=2026-11-20", "to=0001-01-01", "limit=0"],
)
def test_a_period_or_page_beyond_reason_is_refused_in_words(
    national: httpx.Client, query: str
) -> None:
    found = national.get(f"/api/v1/ranking?{query}", headers={"Accept-Language": "en"})
    assert found.status_code == 422
    assert query.split("=", maxsplit=1)[0] in found.json()["detail"]


def test_the_stream_begins_with_every_site_of_the_scope(served: Nation) -> None:
    with served.client("hanoi") as client, client.stream("GET", "/api/v1/live") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        kind, data = next(stream.iter_text()).strip().split("\n")
    assert kind == "event: change"
    change = json.loads(data.removeprefix("data: "))
    sites = {site["site"]: site for site in change["sites"]}
    assert change["whole"]
    assert sites.keys() == {SITE, QUIET_SITE, UNREGISTERED_SITE}
    assert (sites[SITE]["waiting"], sites[SITE]["issued"]) == (4, served.days[SITE].issued)
    assert sites[UNREGISTERED_SITE]["waiting"] is None
