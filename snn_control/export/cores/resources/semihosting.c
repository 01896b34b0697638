/* Output and end of a program in an emulator, by semihosting. */
#include <stdint.h>
#include <stdio.h>

#define WRITE 0x04u
#define EXIT 0x20u
#define EXITED 0x20026u

void finish(int code);

static void request(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

void finish(int code)
{
    const uint32_t block[2] = {EXITED, (uint32_t)code};
    request(EXIT, block);
    for (;;) {
    }
}

/* The only conversion is %08lx. */
int printf(const char *format, ...)
{
    char line[80];
    uint32_t n = 0;
    __builtin_va_list arguments;
    __builtin_va_start(arguments, format);
    for (const char *at = format; *at != 0 && n < sizeof line - 9u; ++at) {
        if (*at != '%') {
            line[n++] = *at;
            continue;
        }
        const unsigned long value = __builtin_va_arg(arguments, unsigned long);
        for (int shift = 28; shift >= 0; shift -= 4) {
            line[n++] = "0123456789abcdef"[(value >> shift) & 15u];
        }
        at += 4;
    }
    __builtin_va_end(arguments);
    line[n] = 0;
    request(WRITE, line);
    return (int)n;
}
