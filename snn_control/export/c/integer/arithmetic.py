"""C functions of `engines.integer.arithmetic`; a source holds those that it calls."""

from __future__ import annotations

import re

__all__ = ["helper_functions"]

_HELPERS = {
    "saturate": """static int32_t saturate(int32_t x, int32_t limit)
{
    return x > limit ? limit : x < -limit ? -limit : x;
}""",
    "saturate_wide": """static int64_t saturate_wide(int64_t x, int64_t limit)
{
    return x > limit ? limit : x < -limit ? -limit : x;
}""",
    "rescale": """/* x m / 2^s, rounded to the nearest, halves away from 0, within the limit. */
static int32_t rescale(int32_t x, uint32_t m, uint32_t s, int32_t limit)
{
    const uint32_t size = x < 0 ? 0u - (uint32_t)x : (uint32_t)x;
    const uint64_t y = ((uint64_t)size * m + ((uint64_t)1u << (s - 1u))) >> s;
    const int32_t z = y > (uint64_t)limit ? limit : (int32_t)y;
    return x < 0 ? -z : z;
}""",
    "rescale_wide": """static int32_t rescale_wide(int64_t x, uint32_t m, uint32_t s, int32_t limit)
{
    const uint64_t size = x < 0 ? 0u - (uint64_t)x : (uint64_t)x;
    const uint64_t y = (size * m + ((uint64_t)1u << (s - 1u))) >> s;
    const int32_t z = y > (uint64_t)limit ? limit : (int32_t)y;
    return x < 0 ? -z : z;
}""",
    "rescale_signed": """\
static int32_t rescale_signed(int32_t x, int32_t m, uint32_t s, int32_t limit)
{
    const int32_t z = rescale(x, m < 0 ? 0u - (uint32_t)m : (uint32_t)m, s, limit);
    return m < 0 ? -z : z;
}""",
    "shifted": """/* x / 2^s, rounded to the nearest, halves away from 0, within the limit. */
static int32_t shifted(int32_t x, uint32_t s, int32_t limit)
{
    const uint32_t size = x < 0 ? 0u - (uint32_t)x : (uint32_t)x;
    const uint32_t y = (size + ((uint32_t)1u << (s - 1u))) >> s;
    const int32_t z = y > (uint32_t)limit ? limit : (int32_t)y;
    return x < 0 ? -z : z;
}""",
    "quantised": """/* Nearest multiple of the unit, halves away from 0, within the limit. */
static int16_t quantised(double value, double unit, int32_t limit)
{
    const double number = value / unit;
    const double size = number < 0 ? -number : number;
    int32_t whole = size < (double)limit ? (int32_t)size : limit;
    if (whole < limit && size - (double)whole >= 0.5) ++whole;
    return (int16_t)(number < 0 ? -whole : whole);
}""",
    "rank16": """/* Number of ascending thresholds below x. */
static uint8_t rank16(const int16_t *thresholds, uint32_t n, int32_t x)
{
    uint32_t first = 0;
    while (n > 0) {
        const uint32_t half = n / 2u;
        if (thresholds[first + half] < x) {
            first += half + 1u;
            n -= half + 1u;
        } else {
            n = half;
        }
    }
    return (uint8_t)first;
}""",
}
_HELPERS["spread_rank"] = """\
/* Set each of n counts, `step` apart: 1 for the first `rank`, else 0. */
static void spread_rank(uint16_t *counts, uint32_t n, uint32_t step, uint32_t rank)
{
    for (uint32_t k = 0; k < n; ++k) counts[k * step] = k < rank;
}"""
_HELPERS["rank32"] = _HELPERS["rank16"].replace("16", "32")
_CALLS = {"rescale_signed": ("rescale",)}


def helper_functions(code: str) -> str:
    """Return the functions that `code` calls, in an order in which they compile."""
    used = {name for name in _HELPERS if re.search(rf"\b{name}\(", code)}
    used |= {each for name in used for each in _CALLS.get(name, ())}
    return "\n\n".join(text for name, text in _HELPERS.items() if name in used)
