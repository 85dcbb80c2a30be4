"""Settings of small hubs as their files have them."""

OPEN_ALL_DAY = """
node = "01-00097-01-h1"
data = "data"

[issuing]
every_s = 0

[http]
port = 0

[site]
site = "01-00097-01"
unit = "Phường Hồng Hà"
site_name = "Hồng Hà"
services = [
  { id = "1", series = "1", name = { vi = "Hộ tịch" } },
  { id = "2", series = "2", name = { vi = "Đất đai" } },
]
counters = [{ id = "1", services = ["1", "2"] }]

[[site.sessions]]
weekdays = [1, 2, 3, 4, 5, 6, 7]
issue_from = "00:00"
last_ticket = "23:59"
closes = "23:59"
"""


TWO_COUNTERS = """
node = "01-00097-01-h1"
data = "data"
[http]
port = 0
[site]
site = "01-00097-01"
unit = "Phường Hồng Hà"
site_name = "Trung tâm Hồng Hà"
services = [{ id = "1", series = "1", name = { vi = "Hộ tịch", en = "Civil status" } }]
counters = [{ id = "1", services = ["1"] }, { id = "2", services = ["1"] }]
sessions = []
"""
