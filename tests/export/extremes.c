/* Ticks with extreme inputs: exits with 0 if refusals and states are as documented.
 *
 * Usage: extremes TICKS SEED. Prints the number of refused ticks, the number of outputs that are
 * not finite, and 1 for integer inputs.
 */
#include "controller.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_IN CONTROLLER_CONSTANT(N_IN)
#define N_OUT CONTROLLER_CONSTANT(N_OUT)

typedef CONTROLLER(input) input;

static uint64_t drawn;

static uint64_t draw(void)
{
    drawn ^= drawn << 13;
    drawn ^= drawn >> 7;
    drawn ^= drawn << 17;
    return drawn;
}

static int is_integer(void)
{
    return (input)0.5 == (input)0;
}

static input any_integer(void)
{
    input value;
    const uint64_t bits = draw();
    memcpy(&value, &bits, sizeof value);
    return value;
}

static input extreme(unsigned phase)
{
    static const double values[] = {0.0, -0.0, 1e30, -1e30, 1e-30, 1e-44, -1e-44, 5e-324, 1e-310,
                                    1.0, -1.0, 1e6, -1e6, 1e-6, 3e37, -3e37};
    const double unit = (double)(int32_t)draw() / 2147483648.0;
    if (is_integer()) return any_integer();
    switch (phase) {
    case 0:
        return (input)values[draw() % (sizeof values / sizeof values[0])];
    case 1:
        return (input)3.0; /* held saturation */
    case 2:
        return (input)unit;
    case 3:
        return (input)(unit * 1e-40);
    default:
        return (input)(unit * 100.0);
    }
}

static int not_finite(double value)
{
    return value - value != 0.0;
}

int main(int argc, char **argv)
{
    static CONTROLLER(state) state, before;
    static input in[N_IN];
    static CONTROLLER(output) out[N_OUT];
    unsigned long refused = 0, odd = 0;
    if (argc != 3) return 2;
    const unsigned long ticks = strtoul(argv[1], NULL, 10);
    drawn = strtoull(argv[2], NULL, 10) * 2u + 1u;
    CONTROLLER(init)(&state);
    for (unsigned long tick = 0; tick < ticks; ++tick) {
        const int refuse = !is_integer() && draw() % 50u == 0;
        const uint64_t at = draw() % N_IN;
        int wrong = 0;
        for (unsigned k = 0; k < N_IN; ++k) {
            in[k] = extreme((unsigned)(tick / 5000u % 5u));
            if (refuse && k == at) {
                const double zero = 0.0 * (double)(tick + 1u);
                in[k] = (input)(draw() % 2u ? zero / zero : (draw() % 2u ? 1.0 : -1.0) / zero);
            }
            wrong |= not_finite((double)in[k]);
        }
        memcpy(&before, &state, sizeof state);
        const int result = CONTROLLER(step)(&state, in, out);
        if ((result != CONTROLLER_CONSTANT(OK)) != wrong) return 3;
        if (wrong && memcmp(&before, &state, sizeof state) != 0) return 4;
        refused += (unsigned long)wrong;
        for (unsigned k = 0; k < N_OUT; ++k) odd += (unsigned long)not_finite((double)out[k]);
        if (tick % 100000u == 99999u) CONTROLLER(init)(&state);
    }
    printf("%lu %lu %d\n", refused, odd, is_integer());
    return 0;
}
