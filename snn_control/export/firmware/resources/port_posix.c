/* A process on standard input and output, for tests without a board; ends with its input. */
#define _POSIX_C_SOURCE 200809L
#include "port.h"

#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS 1

static uint8_t in[256], out[512];
static uint32_t n_in, at, n_out;

void port_start(void)
{
}

int port_read(void)
{
    if (at == n_in) {
        struct pollfd input = {0, POLLIN, 0};
        at = n_in = 0;
        if (poll(&input, 1, WAIT_MS) <= 0) return -1;
        const ssize_t n = read(0, in, sizeof in);
        if (n <= 0) exit(0);
        n_in = (uint32_t)n;
    }
    return in[at++];
}

void port_write(uint8_t byte)
{
    if (n_out == sizeof out) port_flush();
    out[n_out++] = byte;
}

void port_flush(void)
{
    uint32_t done = 0;
    while (done < n_out) {
        const ssize_t n = write(1, out + done, n_out - done);
        if (n <= 0) exit(0);
        done += (uint32_t)n;
    }
    n_out = 0;
}

uint32_t port_time_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u);
}

void port_drive(const CONTROLLER(output) outputs[CONTROLLER_CONSTANT(N_OUT)])
{
    (void)outputs;
}
