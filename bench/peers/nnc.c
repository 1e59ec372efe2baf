/* nnc.c: what nnc generated, as a contestant. Argument: the model's name.
 *
 * bench.py writes models.h: it includes the generated headers, and MODELS is a list of FIXED(name) for the models
 * whose number of steps is a constant and STEPS(name) for those that take it as an argument. */
#include "contestant.h"
#include "models.h"

static void check(nnc_status status) {
    if (status != NNC_OK) fail(nnc_status_string(status));
}

/* A pass of its own for each model, so that every call is a direct one, as in a user's program. */
#define MODEL(NAME, ...)                                                                                               \
    static NAME NAME##_self;                                                                                           \
    static void reset_##NAME(void) { NAME##_reset(&NAME##_self); }                                                     \
    static void pass_##NAME(void) {                                                                                    \
        for (size_t i = 0; i < sizes.calls; i++) check(NAME##_run(&NAME##_self, __VA_ARGS__));                         \
    }
#define FIXED(NAME) MODEL(NAME, call_input(i), call_output(i))
#define STEPS(NAME) MODEL(NAME, sizes.steps, call_input(i), call_output(i))
MODELS
#undef FIXED
#undef STEPS

#define FIXED(NAME) {#NAME, reset_##NAME, pass_##NAME},
#define STEPS(NAME) FIXED(NAME)
static const struct model {
    const char *name;
    void (*reset)(void), (*pass)(void);
} models[] = {MODELS}, *model;

static void load(int argc, char **argv) {
    for (size_t i = 0; argc == 1 && i < sizeof models / sizeof *models; i++)
        if (!strcmp(models[i].name, argv[0])) model = &models[i];
    if (!model) fail("one argument: the model's name");
}

static void reset(void) { model->reset(); }

static void pass(void) { model->pass(); }
