/* cortex_m: from reset to main and out again, on a Cortex-M under QEMU with semihosting. main's arguments are those of a
 * test's driver.
 *
 * The vector table stands first in flash (cortex_m.ld). newlib's librdimon turns fopen, fread and printf into
 * semihosting calls; exit goes straight to the emulator, so that main's result becomes QEMU's exit status. A fault ends
 * the run with status 99; -DTRAP_UNALIGNED makes a load or store that is not aligned one, as on a Cortex-M0. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern uint32_t data_load[], data_start[], data_end[], bss_start[], bss_end[], stack_top[];
extern void initialise_monitor_handles(void); /* librdimon: opens the semihosting console */
int main(int argc, char **argv);
void reset(void);

static void leave(uint32_t status) {
    const uint32_t why[2] = {0x20026, status}; /* ADP_Stopped_ApplicationExit */
    register uint32_t r0 __asm__("r0") = 0x20; /* SYS_EXIT_EXTENDED */
    register const uint32_t *r1 __asm__("r1") = why;
    __asm__ volatile("bkpt 0xab" : : "r"(r0), "r"(r1) : "memory");
    for (;;) {
    }
}

static void fault(void) { leave(99); }

void _exit(int status) {
    leave((uint32_t)status);
    for (;;) {
    }
}

/* The first sixteen entries are the processor's own; the tests enable no interrupt. */
__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    void (*handlers[15])(void);
} vectors = {stack_top, {reset, fault, fault, fault, fault, fault, fault, 0, 0, 0, fault, fault, 0, fault, fault}};

void reset(void) {
    static char program[] = "prog", script[] = "script", results[] = "results0";
    static char *arguments[] = {program, script, results, NULL};
    int status;
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    *(volatile uint32_t *)0xe000ed88 |= 0xfu << 20; /* CPACR: the FPU, and MVE, for everyone */
    __asm__ volatile("dsb\n\tisb" : : : "memory");
#endif
#ifdef TRAP_UNALIGNED
    *(volatile uint32_t *)0xe000ed14 |= 1u << 3; /* CCR.UNALIGN_TRP */
#endif
    memcpy(data_start, data_load, (size_t)((char *)data_end - (char *)data_start));
    memset(bss_start, 0, (size_t)((char *)bss_end - (char *)bss_start));
    initialise_monitor_handles();
    status = main(3, arguments);
    exit(status);
}
