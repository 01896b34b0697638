/* Functions of a board that the firmware needs. */
#ifndef PORT_H
#define PORT_H

#include "controller.h"

void port_start(void);

/* Return a received byte, or -1 after at most a millisecond without one. */
int port_read(void);

void port_write(uint8_t byte);

/* Send the bytes that were written. */
void port_flush(void);

/* Time since any start, us; wraps. */
uint32_t port_time_us(void);

/* Drive the actuators: outputs of each tick, or the safe outputs. */
void port_drive(const CONTROLLER(output) outputs[CONTROLLER_CONSTANT(N_OUT)]);

#endif
