# `make demo` lives a working day; `make test` proves it; `make check` is the developers' gate.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
SYSTEM ?= trixie
# Most tests wait for servers, printers and browsers, so more run than there are cores.
SIDE_BY_SIDE := -n 4 --dist loadfile
SOURCES := contract runtime edge display central simulation provision tests benchmarks docs

.PHONY: demo test test-gpio test-gpio-sim test-usb test-systemd test-machine test-postgres test-cluster test-printers check format bench bench-ticket bench-terminal bench-call bench-start bench-ingest bench-centre bench-public pictures reference lock debian clean

demo: $(VENV)/run.stamp
	@$(BIN)/thutu-demo $(ARGS)

test: $(VENV)/dev.stamp debian
	$(BIN)/pytest $(SIDE_BY_SIDE)

# On a Raspberry Pi with two pins joined; docs/displays.md says which.
test-gpio: $(VENV)/dev.stamp
	THUTU_GPIO=gpiod $(BIN)/pytest tests/edge/devices/test_gpio_path.py

# The same on a GPIO chip that a kernel simulates, in a virtual machine; docs/displays.md says how.
test-gpio-sim: $(VENV)/dev.stamp
	@sh tests/kernel_machine/run.sh gpio $(ARGS)

# Tickets over a kernel's own USB, in a virtual machine; docs/printers.md says how.
test-usb: $(VENV)/dev.stamp
	@sh tests/kernel_machine/run.sh usb $(ARGS)

# A release's units laid by a systemd of its own, in namespaces; needs root, and a machine to spare.
test-systemd: $(VENV)/dev.stamp
	$(BIN)/pytest -v tests/systemd/live_laying_at_start.py

# A whole machine from a blank card, in QEMU; docs/real-pi.md says how. Also: SYSTEM=bookworm
test-machine: $(VENV)/dev.stamp
	THUTU_SYSTEM=$(SYSTEM) $(BIN)/pytest -s -v tests/machine/live_machine.py tests/machine/live_satellite.py

# The centre on another PostgreSQL than the wheel's: make test-postgres POSTGRES=/usr/lib/postgresql/15/bin
test-postgres: $(VENV)/dev.stamp debian
	THUTU_POSTGRES=$(POSTGRES) $(BIN)/pytest $(SIDE_BY_SIDE) tests/central tests/system/test_central_backup.py

# Three brokers, three workers, PostgreSQL and its replica, each killed under load; docs/central.md says more.
test-cluster: $(VENV)/dev.stamp
	$(BIN)/pytest -s -v --show-capture=no tests/cluster/live_cluster.py

# Faults at every byte of every ticket; about 3 ms of a processor each, 973,392 of them.
test-printers: $(VENV)/dev.stamp
	PRINTER_FAULTS=all $(BIN)/pytest -o timeout=0 -n 2 --dist worksteal tests/edge/devices/test_printer_faults.py

check: $(VENV)/dev.stamp debian
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/pytest $(SIDE_BY_SIDE)

format: $(VENV)/dev.stamp
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

bench: $(VENV)/dev.stamp
	@$(BIN)/python -m benchmarks.hub_api

bench-ticket: $(VENV)/dev.stamp
	@$(BIN)/python -m benchmarks.ticket

bench-terminal: $(VENV)/dev.stamp
	@$(BIN)/python -m benchmarks.terminal

bench-call: $(VENV)/dev.stamp debian
	@$(BIN)/python -m benchmarks.call

bench-start: $(VENV)/dev.stamp
	@$(BIN)/python -m benchmarks.start

bench-ingest: $(VENV)/dev.stamp
	@$(BIN)/python -m benchmarks.ingest

bench-centre: $(VENV)/dev.stamp
	@$(BIN)/python -m benchmarks.centre_api

bench-public: $(VENV)/dev.stamp
	@$(BIN)/python -m benchmarks.public

pictures: $(VENV)/dev.stamp debian
	@$(BIN)/python -m docs.pictures

reference: $(VENV)/dev.stamp
	@$(BIN)/python -m docs.reference

# Pinned by name, version and hash; no registry address is written down.
lock: $(VENV)/dev.stamp
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --no-annotate --extra build --extra centre pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --no-annotate --extra build --extra centre --extra dev -c requirements/run.txt pyproject.toml -o requirements/dev.txt

debian:
	@sh tests/install_debian_packages.sh

clean:
	rm -rf $(VENV) .cache out

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Thứ Tự needs Python 3.11 or later; try: make PYTHON=python3.12")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements/run.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing what the programs need into $(VENV) (once, about a minute) ..." >&2
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt >&2
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . >&2
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing what the programs and their tests need into $(VENV) (once, about a minute) ..." >&2
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt >&2
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . >&2
	@touch $@ $(VENV)/run.stamp
