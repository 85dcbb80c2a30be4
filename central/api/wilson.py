"""The confidence interval of a share."""

import math

_Z = 1.959963984540054
"""The normal quantile of a two-sided 95 %."""


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The 95 % score interval of a share, within 0 to 1 also for few trials and extreme shares.

    Source: E. B. Wilson, Probable Inference, the Law of Succession, and Statistical Inference,
    JASA 22 (1927), as recommended by Brown, Cai and DasGupta, Statistical Science 16 (2001).
    Raises ValueError without trials, or with more successes than trials.
    """
    if not 0 <= successes <= trials or trials == 0:
        raise ValueError(f"no share: {successes} of {trials}")
    share = successes / trials
    shrink = 1 + _Z**2 / trials
    centre = (share + _Z**2 / (2 * trials)) / shrink
    half = _Z / shrink * math.sqrt(share * (1 - share) / trials + _Z**2 / (4 * trials**2))
    return max(0.0, centre - half), min(1.0, centre + half)
