#include "frames.h"

#define LONGEST_RUN 254u

uint32_t frames_crc32(const uint8_t *bytes, uint32_t length)
{
    uint32_t crc = 0xFFFFFFFFu;
    for (uint32_t k = 0; k < length; ++k) {
        crc ^= bytes[k];
        for (uint32_t bit = 0; bit < 8u; ++bit) {
            crc = (crc >> 1) ^ (0xEDB88320u & (0u - (crc & 1u)));
        }
    }
    return ~crc;
}

void frames_start(frames_receiver *receiver, uint8_t *buffer, uint32_t size)
{
    receiver->buffer = buffer;
    receiver->size = size;
    receiver->length = 0;
    receiver->bad = 0;
}

/* Decode COBS in place. Returns the length, or 0 if a run exceeds the frame. */
static uint32_t decoded(uint8_t *bytes, uint32_t length)
{
    uint32_t from = 0, to = 0;
    while (from < length) {
        const uint32_t run = bytes[from++];
        if (run - 1u > length - from) return 0;
        for (uint32_t k = 1; k < run; ++k) bytes[to++] = bytes[from++];
        if (run <= LONGEST_RUN && from < length) bytes[to++] = 0;
    }
    return to;
}

static uint32_t checked(const uint8_t *bytes, uint32_t length)
{
    if (length <= FRAMES_CRC_BYTES) return 0;
    const uint32_t content = length - FRAMES_CRC_BYTES;
    uint32_t crc = 0;
    for (uint32_t k = 0; k < FRAMES_CRC_BYTES; ++k) {
        crc |= (uint32_t)bytes[content + k] << (8u * k);
    }
    return crc == frames_crc32(bytes, content) ? content : 0;
}

uint32_t frames_receive(frames_receiver *receiver, uint8_t byte)
{
    if (byte != 0) {
        if (receiver->length < receiver->size) receiver->buffer[receiver->length] = byte;
        if (receiver->length <= receiver->size) ++receiver->length;
        return 0;
    }
    const uint32_t length = receiver->length;
    receiver->length = 0;
    if (length == 0) return 0;
    uint32_t content = 0;
    if (length <= receiver->size) {
        content = checked(receiver->buffer, decoded(receiver->buffer, length));
    }
    if (content == 0) ++receiver->bad;
    return content;
}

void frames_send(uint8_t *content, uint32_t length, void (*write)(uint8_t byte))
{
    const uint32_t crc = frames_crc32(content, length);
    for (uint32_t k = 0; k < FRAMES_CRC_BYTES; ++k) content[length++] = (uint8_t)(crc >> (8u * k));
    write(0);
    for (uint32_t from = 0; from <= length;) {
        uint32_t run = 0;
        while (run < LONGEST_RUN && from + run < length && content[from + run] != 0) ++run;
        write((uint8_t)(run + 1u));
        for (uint32_t k = 0; k < run; ++k) write(content[from + k]);
        from += run;
        if (run == LONGEST_RUN && from < length) continue;
        ++from;
    }
    write(0);
}
