/* Arm MPS2 boards: CMSDK UART 0 and timer 0; sleeps until a byte or a millisecond. */
#include "port.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define UART_DATA REGISTER(0x40004000u)
#define UART_STATE REGISTER(0x40004004u)
#define UART_CTRL REGISTER(0x40004008u)
#define UART_INTERRUPT REGISTER(0x4000400Cu)
#define UART_BAUD REGISTER(0x40004010u)
#define TIMER_CTRL REGISTER(0x40000000u)
#define TIMER_VALUE REGISTER(0x40000004u)
#define TIMER_RELOAD REGISTER(0x40000008u)
#define SYSTICK_CTRL REGISTER(0xE000E010u)
#define SYSTICK_RELOAD REGISTER(0xE000E014u)
#define SYSTICK_VALUE REGISTER(0xE000E018u)
#define NVIC_ENABLE REGISTER(0xE000E100u)
#define NVIC_CLEAR REGISTER(0xE000E280u)
#define ICSR REGISTER(0xE000ED04u)
#define AIRCR REGISTER(0xE000ED0Cu)

#define CLOCK_MHZ 25u
#define BAUD 115200u
#define TX_FULL 1u
#define RX_FULL 2u
#define RX_INTERRUPT 2u
#define SYSTICK_CLEAR (1u << 25)
#define RESTART 0x05FA0004u

void finish(int code);

/* The outputs for a debugger; write them to the actuators here. */
volatile CONTROLLER(output) port_driven[CONTROLLER_CONSTANT(N_OUT)];

void finish(int code)
{
    (void)code;
    AIRCR = RESTART;
    for (;;) {
    }
}

void port_start(void)
{
    UART_BAUD = CLOCK_MHZ * 1000000u / BAUD;
    UART_CTRL = 1u | 2u | 8u;
    TIMER_RELOAD = 0xFFFFFFFFu;
    TIMER_VALUE = 0xFFFFFFFFu;
    TIMER_CTRL = 1u;
    /* Pending interrupts end the sleep; none is taken. */
    __asm__ volatile("cpsid i" : : : "memory");
    SYSTICK_RELOAD = CLOCK_MHZ * 1000u - 1u;
    SYSTICK_VALUE = 0;
    SYSTICK_CTRL = 7u;
    NVIC_ENABLE = 1u;
}

int port_read(void)
{
    if ((UART_STATE & RX_FULL) == 0) {
        __asm__ volatile("wfi" : : : "memory");
        UART_INTERRUPT = RX_INTERRUPT;
        NVIC_CLEAR = 1u;
        ICSR = SYSTICK_CLEAR;
    }
    return (UART_STATE & RX_FULL) != 0 ? (int)(UART_DATA & 0xFFu) : -1;
}

void port_write(uint8_t byte)
{
    while ((UART_STATE & TX_FULL) != 0) {
    }
    UART_DATA = byte;
}

void port_flush(void)
{
}

uint32_t port_time_us(void)
{
    static uint32_t last, counts, us;
    const uint32_t now = 0xFFFFFFFFu - TIMER_VALUE;
    counts += now - last;
    last = now;
    us += counts / CLOCK_MHZ;
    counts %= CLOCK_MHZ;
    return us;
}

void port_drive(const CONTROLLER(output) outputs[CONTROLLER_CONSTANT(N_OUT)])
{
    for (uint32_t k = 0; k < CONTROLLER_CONSTANT(N_OUT); ++k) port_driven[k] = outputs[k];
}
