/* nnc_train.c: what nnc generated of one model that trains, as a contestant. Arguments: a file of targets, the learning rate,
 * and `train` or `run`: a step of training, or the forward part alone. The compiler gets the model's names: MODEL, RESET,
 * RUN, TRAIN. */
#include "contestant.h"
#include "model.h"

static MODEL self;
static int32_t *targets;
static float rate, *scores;
static int trains;

static void load(int argc, char **argv) {
    size_t rows = sizes.steps * sizes.batch, count = sizes.calls * rows;
    flush_denormals();
    if (argc != 3) fail("arguments: targets, learning rate, train or run");
    targets = (int32_t *)(void *)memory_of(count * sizeof *targets);
    FILE *file = fopen(argv[0], "rb");
    if (!file || fread(targets, sizeof *targets, count, file) != count) fail("cannot read the targets");
    fclose(file);
    rate = strtof(argv[1], NULL);
    trains = !strcmp(argv[2], "train");
    scores = (float *)(void *)memory_of(rows * sizes.output * sizeof *scores);
    output_bytes = sizeof(float); /* a loss a call */
}

static void reset(void) { RESET(&self); }

static void pass(void) {
    for (size_t i = 0; i < sizes.calls; i++) {
        const int32_t *target = targets + i * sizes.steps * sizes.batch;
        nnc_status status = trains ? TRAIN(&self, sizes.steps, call_input(i), target, rate, call_output(i))
                                   : RUN(&self, sizes.steps, call_input(i), scores);
        if (status != NNC_OK) fail(nnc_status_string(status));
    }
}
