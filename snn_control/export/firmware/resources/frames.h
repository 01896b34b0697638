/* Frames on a serial line: 0x00, COBS(content, CRC-32), 0x00. */
#ifndef FRAMES_H
#define FRAMES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FRAMES_CRC_BYTES 4u

/* Size of a buffer that receives contents of up to n bytes. */
#define FRAMES_BUFFER(n) ((n) + FRAMES_CRC_BYTES + ((n) + FRAMES_CRC_BYTES) / 254u + 1u)

typedef struct {
    uint8_t *buffer;
    uint32_t size;
    uint32_t length;
    /* Frames that were too long, or had a wrong code or CRC. */
    uint32_t bad;
} frames_receiver;

void frames_start(frames_receiver *receiver, uint8_t *buffer, uint32_t size);

/* Take a byte. Returns the length of the content, which is then in the buffer, or 0. */
uint32_t frames_receive(frames_receiver *receiver, uint8_t byte);

/* Write a frame, a byte at a time. `content` has room for FRAMES_CRC_BYTES more. */
void frames_send(uint8_t *content, uint32_t length, void (*write)(uint8_t byte));

/* CRC-32 of zlib and Ethernet. */
uint32_t frames_crc32(const uint8_t *bytes, uint32_t length);

#ifdef __cplusplus
}
#endif

#endif
