"""Decoding for the first time in many threads at once."""

import ast
import subprocess
import sys
from pathlib import Path

ROOMS = ("contract", "runtime", "edge", "display", "central", "simulation", "provision")
THREADS_AT_ONCE = """
import sys, threading
from msgspec import Struct, defstruct, json
from contract.decoders import from_json
sys.setswitchinterval(1e-6)
for turn in range(60):
    kinds = [defstruct(f"Kind{turn}", [(f"field{n}", int | str | None, n) for n in range(60)])]
    for depth in range(20):
        inner = kinds[-1]
        fields = [("one", inner), ("more", list[inner], [])]
        kinds.append(defstruct(f"Kind{turn}in{depth}", fields))
    data = json.encode({"one": {}})
    for _ in range(19):
        data = b'{"one":' + data + b"}"
    together = threading.Barrier(8)
    def decode():
        together.wait()
        from_json(data, kinds[-1])
    threads = [threading.Thread(target=decode) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print("all decoded")
"""


def test_nobody_decodes_past_it() -> None:
    """But settings, at the start, with what only they need."""
    own = {Path("contract/decoders.py"), Path("runtime/settings.py")}
    files = [path for room in ROOMS for path in sorted(Path(room).rglob("*.py"))]
    past = [
        f"{path}:{call.lineno}"
        for path in files
        if path not in own
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call)
        if ast.unparse(call.func) == "msgspec.convert"
        or (
            ast.unparse(call.func).endswith("decode")
            and any(k.arg == "type" for k in call.keywords)
        )
    ]
    assert past == []


def test_threads_that_decode_a_struct_first_do_not_meet_it_half_made() -> None:
    done = subprocess.run(
        [sys.executable, "-c", THREADS_AT_ONCE],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "all decoded\n"), done.stderr
