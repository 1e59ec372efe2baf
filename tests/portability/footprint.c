/* footprint: how many instructions a run of a model takes, on QEMU's mps2 boards with -icount shift=0, where an instruction
 * takes one nanosecond and SysTick counts at 25 MHz. MODEL_H, MODEL, RUN (the call) and RUNS come from the command line. */
#include MODEL_H
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static MODEL self;
static float input[512], output[512];
static int32_t ids[128], classes[128];
static volatile uint32_t *const systick = (volatile uint32_t *)0xe000e010; /* control, reload, value */

int main(int argc, char **argv);
int main(int argc, char **argv) {
    uint32_t i;
    nnc_status status = NNC_OK;
    (void)argc, (void)argv, (void)input, (void)ids, (void)classes;
    memset(&self, 0, sizeof self);
    for (i = 0; i < 512; i++)
        input[i] = (float)(i % 7) * 0.25f - 0.75f;
    for (i = 0; i < 128; i++) {
        ids[i] = (int32_t)(i % 9);
        classes[i] = (int32_t)(i % 3);
    }
    RESET(&self);
    systick[1] = 0xffffff;
    systick[2] = 0; /* begins at the reload value */
    systick[0] = 5;
    for (i = 0; i < RUNS && status == NNC_OK; i++)
        status = RUN;
    printf("%u\n", (unsigned)((0xffffff - systick[2]) * 40 / RUNS));
    return status != NNC_OK;
}
