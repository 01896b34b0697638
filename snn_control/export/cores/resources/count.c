/* Plugin of QEMU: instructions of each call of a function.
 *
 * Arguments: `step`, address of the function; `from` and `to`, addresses of its caller. A block of
 * translated code ends at each branch, so that calls and returns are at the starts of blocks.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
typedef struct qemu_info qemu_info_t;

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
                                           void (*callback)(qemu_plugin_id_t,
                                                            struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
                                          void (*callback)(unsigned int, void *), int flags,
                                          void *userdata);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id,
                                    void (*callback)(qemu_plugin_id_t, void *), void *userdata);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv);

#define EXPORTED __attribute__((visibility("default")))

EXPORTED int qemu_plugin_version = 1;

static uint64_t step, from, to;
static uint64_t tick, first, largest, later_largest, total, ticks;
static int counting;

static void finish_tick(void)
{
    counting = 0;
    if (ticks == 0) first = tick;
    if (tick > largest) largest = tick;
    if (ticks != 0 && tick > later_largest) later_largest = tick;
    total += tick;
    ++ticks;
}

static void run_caller(unsigned int cpu, void *instructions)
{
    (void)cpu;
    (void)instructions;
    if (counting) finish_tick();
}

static void run_step(unsigned int cpu, void *instructions)
{
    (void)cpu;
    tick = (uintptr_t)instructions + (counting ? tick : 0);
    counting = 1;
}

static void run_other(unsigned int cpu, void *instructions)
{
    (void)cpu;
    if (counting) tick += (uintptr_t)instructions;
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    const uint64_t address = qemu_plugin_tb_vaddr(tb);
    void *const instructions = (void *)(uintptr_t)qemu_plugin_tb_n_insns(tb);
    void (*const run)(unsigned int, void *) =
        address == step ? run_step : address >= from && address < to ? run_caller : run_other;
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_cb(tb, run, 0, instructions);
}

static void print(qemu_plugin_id_t id, void *nothing)
{
    (void)id;
    (void)nothing;
    fprintf(stderr,
            "instructions %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
            ticks, first, total, largest, later_largest);
}

EXPORTED int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
                                 char **argv)
{
    (void)info;
    for (int k = 0; k < argc; ++k) {
        if (strncmp(argv[k], "step=", 5) == 0) step = strtoull(argv[k] + 5, NULL, 0);
        if (strncmp(argv[k], "from=", 5) == 0) from = strtoull(argv[k] + 5, NULL, 0);
        if (strncmp(argv[k], "to=", 3) == 0) to = strtoull(argv[k] + 3, NULL, 0);
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    qemu_plugin_register_atexit_cb(id, print, NULL);
    return 0;
}
