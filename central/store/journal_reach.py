"""How far the journals of a node reach, in SQL over `nodes` and `journals`: parts of statements.

A node has one present journal; those before it are of former cards. What a former card had not
sent may be lost with it, and nobody can tell how much that was: so each is *owed* until it came by
hand or was written off. It says nothing of later days than that on which it was over.
"""

from central.store.connection import greater

LAST = greater("announced", "highest")
"""The last row of a journal that is known to exist."""
MISSING = f"({LAST} - watermark - beyond)"
"""How many of those rows are not held."""
REACHES_MS = """CASE WHEN folded >= announced AND announced_ms > coalesce(folded_ms, 0)
    THEN announced_ms ELSE folded_ms END"""
"""Until when everything in a journal is in the figures; NULL when unknown."""
REACHES_OLDEST = "(folded_ms >= :oldest OR (folded >= announced AND announced_ms >= :oldest))"
"""The condition that this is not before `oldest`; true of none for which it is unknown."""
PRESENT = "journal = current_journal"
"""The condition that a journal is the node's present one."""
OWED = f"(journal <> current_journal AND written_off_ms IS NULL AND {LAST} > 0)"
"""The condition that a journal of a former card may lack rows that nobody has given up."""
_PRESENT_BEGAN_MS = """(SELECT present.began_ms FROM journals AS present
    WHERE present.journal = current_journal)"""
OVER_MS = f"""CASE WHEN {greater("coalesce(announced_ms, 0)", "folded_ms")} < {_PRESENT_BEGAN_MS}
    THEN {_PRESENT_BEGAN_MS} ELSE written_off_ms END"""
"""Since when a former card recorded nothing more: since the present one began, unless it was put
back after that, as one is that was tried and taken out again; then since it was written off. NULL
when unknown."""
