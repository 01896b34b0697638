/* Firmware: steps the controller for each request on a serial line.
 *
 * Request: type, sequence number (2 bytes), payload. Reply: type + 0x80, the same number, status,
 * time-outs so far (2), steps since the reset (4), payload; numbers are little-endian. A request
 * with the number of the last one gets the same reply again and has no further effect; a step with
 * an older number is ignored. Without a step for FIRMWARE_TIMEOUT_US the outputs become
 * FIRMWARE_SAFE_OUTPUT.
 */
#include "frames.h"
#include "port.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "inputs and outputs are copied as little-endian numbers"
#endif

#ifndef FIRMWARE_TIMEOUT_US
#define FIRMWARE_TIMEOUT_US (CONTROLLER_CONSTANT(PERIOD_US) + CONTROLLER_CONSTANT(PERIOD_US) / 2)
#endif
#ifndef FIRMWARE_SAFE_OUTPUT
#define FIRMWARE_SAFE_OUTPUT 0
#endif

enum { STEP = 1, RESET = 2, INFO = 3, REPLY = 0x80 };
enum { OK = 0, WRONG_SIZE = 0xFE, UNKNOWN_TYPE = 0xFF };
enum { N_IN = CONTROLLER_CONSTANT(N_IN), N_OUT = CONTROLLER_CONSTANT(N_OUT) };

#define HEAD 3u
#define OLDER 0x8000u
#define IN_BYTES ((uint32_t)(N_IN * sizeof(CONTROLLER(input))))
#define OUT_BYTES ((uint32_t)(N_OUT * sizeof(CONTROLLER(output))))
#define HASH_BYTES 64u
#define LONGEST_REPLY (HEAD + 7u + 19u + HASH_BYTES + OUT_BYTES + FRAMES_CRC_BYTES)

static CONTROLLER(state) state;
static CONTROLLER(output) outputs[N_OUT];
static uint8_t received[FRAMES_BUFFER(HEAD + IN_BYTES)];
static frames_receiver receiver;

static struct {
    uint8_t content[LONGEST_REPLY];
    uint32_t length;
} reply;

static uint32_t last_step_us, ticks, time_outs;
static int driven;

static void add(const void *from, uint32_t n)
{
    const uint8_t *const bytes = (const uint8_t *)from;
    for (uint32_t k = 0; k < n; ++k) reply.content[reply.length++] = bytes[k];
}

static void add_number(uint32_t value, uint32_t n)
{
    for (uint32_t k = 0; k < n; ++k) reply.content[reply.length++] = (uint8_t)(value >> (8u * k));
}

static void begin_reply(uint8_t type, const uint8_t *number, int status)
{
    reply.length = 0;
    add_number((uint32_t)type | REPLY, 1);
    add(number, 2);
    add_number((uint32_t)status, 1);
    add_number(time_outs, 2);
    add_number(ticks, 4);
}

static void be_safe(void)
{
    for (uint32_t k = 0; k < N_OUT; ++k) outputs[k] = (CONTROLLER(output))FIRMWARE_SAFE_OUTPUT;
    driven = 0;
    port_drive(outputs);
}

static void step(const uint8_t *number, const uint8_t *payload)
{
    CONTROLLER(input) inputs[N_IN];
    uint8_t *const to = (uint8_t *)inputs;
    for (uint32_t k = 0; k < IN_BYTES; ++k) to[k] = payload[k];
    const int status = CONTROLLER(step)(&state, inputs, outputs);
    if (status == OK) {
        ++ticks;
        driven = 1;
        last_step_us = port_time_us();
        port_drive(outputs);
    }
    begin_reply(STEP, number, status);
    add(outputs, OUT_BYTES);
}

static void reset(const uint8_t *number)
{
    CONTROLLER(init)(&state);
    ticks = 0;
    be_safe();
    begin_reply(RESET, number, OK);
}

static void inform(const uint8_t *number)
{
    const char *hash = CONTROLLER(model_sha256);
    begin_reply(INFO, number, OK);
    add_number((uint32_t)driven, 1);
    add_number(receiver.bad, 4);
    add_number(N_IN, 2);
    add_number(N_OUT, 2);
    add_number((uint32_t)sizeof(CONTROLLER(input)), 1);
    add_number((uint32_t)sizeof(CONTROLLER(output)), 1);
    add_number(CONTROLLER_CONSTANT(PERIOD_US), 4);
    add_number(FIRMWARE_TIMEOUT_US, 4);
    for (uint32_t k = 0; k < HASH_BYTES; ++k) {
        add_number((uint8_t)*hash, 1);
        if (*hash != 0) ++hash;
    }
    add(outputs, OUT_BYTES);
}

static void handle(const uint8_t *content, uint32_t length)
{
    const uint8_t type = content[0];
    const uint8_t *const number = content + 1;
    if (type == RESET) {
        reset(number);
    } else if (type == INFO) {
        inform(number);
    } else if (type != STEP) {
        begin_reply(type, number, UNKNOWN_TYPE);
    } else if (length != HEAD + IN_BYTES) {
        begin_reply(type, number, WRONG_SIZE);
    } else {
        step(number, content + HEAD);
    }
}

static uint16_t number_of(const uint8_t *content)
{
    return (uint16_t)(content[1] | (uint32_t)content[2] << 8);
}

static void answer(const uint8_t *content, uint32_t length)
{
    if (length < HEAD) return;
    const uint16_t ahead = (uint16_t)(number_of(content) - number_of(reply.content));
    const int begun = reply.length != 0;
    const int repeated = begun && ahead == 0 && reply.content[0] == (content[0] | REPLY);
    if (begun && content[0] == STEP && ahead >= OLDER) return;
    if (!repeated) handle(content, length);
    frames_send(reply.content, reply.length, port_write);
    port_flush();
}

int main(void)
{
    port_start();
    CONTROLLER(init)(&state);
    frames_start(&receiver, received, (uint32_t)sizeof received);
    be_safe();
    for (;;) {
        const int byte = port_read();
        if (byte >= 0) answer(received, frames_receive(&receiver, (uint8_t)byte));
        if (driven && port_time_us() - last_step_us >= FIRMWARE_TIMEOUT_US) {
            ++time_outs;
            be_safe();
        }
    }
}
