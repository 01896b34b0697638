/* Start of a program on a Cortex-M core: vectors, memory and floating-point unit. */
#include <stdint.h>

#define FAULT 3
#define CPACR (*(volatile uint32_t *)0xE000ED88u)

extern uint32_t stack_top[], data_load[], data_start[], data_end[], bss_start[], bss_end[];

int main(void);

/* End of the program; does not return. */
void finish(int code);

void reset(void);

static void fault(void)
{
    finish(FAULT);
}

void reset(void)
{
    const uint32_t *from = data_load;
    for (uint32_t *to = data_start; to < data_end; ++to) *to = *from++;
    for (uint32_t *to = bss_start; to < bss_end; ++to) *to = 0u;
#if defined(__ARM_FP)
    CPACR |= 0xFu << 20;
    __asm__ volatile("dsb\n\tisb" : : : "memory");
#endif
    finish(main());
}

struct vectors {
    uint32_t *stack;
    void (*handlers[15])(void);
};

__attribute__((section(".vectors"), used)) static const struct vectors vectors = {
    stack_top,
    {reset, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault,
     fault, fault}};
