/* The step of a replay, linked by `--wrap`: prints the size of the state, and
 * the deepest stack of a tick as it grows. */
#include "controller.h"

#include <stdint.h>
#include <stdio.h>

#define PAINT 0xA5u
#define DEEPEST 32768

#define JOINED(a, b) a##b
#define NAMED(kind, name) JOINED(kind, name)
#define STEP NAMED(__real_, CONTROLLER(step))
#define WRAPPED NAMED(__wrap_, CONTROLLER(step))

int STEP(CONTROLLER(state) * state, const CONTROLLER(input) in[], CONTROLLER(output) out[]);
int WRAPPED(CONTROLLER(state) * state, const CONTROLLER(input) in[], CONTROLLER(output) out[]);

#if defined(__aarch64__)
static intptr_t limit_of(intptr_t top)
{
    return top - DEEPEST;
}
#else
extern uint8_t stack_limit[];
static intptr_t limit_of(intptr_t top)
{
    const intptr_t limit = (intptr_t)stack_limit;
    return limit > top - DEEPEST ? limit : top - DEEPEST;
}
#endif

int WRAPPED(CONTROLLER(state) * state, const CONTROLLER(input) in[], CONTROLLER(output) out[])
{
    static intptr_t deepest = -1;
    intptr_t top;
    if (deepest < 0) printf("state %08lx\n", (unsigned long)sizeof *state);
    __asm__ volatile("mov %0, sp" : "=r"(top) : : "memory");
    const intptr_t limit = limit_of(top);
    for (intptr_t at = limit; at < top; ++at) *(volatile uint8_t *)at = PAINT;
    const int result = STEP(state, in, out);
    intptr_t lowest = limit;
    while (lowest < top && *(volatile uint8_t *)lowest == PAINT) ++lowest;
    if (top - lowest > deepest) {
        deepest = top - lowest;
        printf("stack %08lx\n", (unsigned long)deepest);
    }
    return result;
}
