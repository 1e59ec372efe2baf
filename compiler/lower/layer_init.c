/* layer_init: how torch's modules draw their weights: reset_parameters() of each. */
#include <math.h>

#include "lower/lowering.h"

static bool begins_with(const char *s, const char *with) { return strncmp(s, with, strlen(with)) == 0; }

static ir_init uniform(double bound) { return (ir_init){IR_INIT_UNIFORM, bound, -1}; }

static ir_init constant(double number) { return (ir_init){IR_INIT_CONSTANT, number, -1}; }

/* Terms of one output: torch's fan_in of a weight [out, in, kernel…]. */
static double fan_in(const int64_t *sizes, unsigned rank) {
    double terms = 1;
    for (unsigned i = 1; i < rank; i++) terms *= (double)sizes[i];
    return terms;
}

ir_init layer_init(layer *self, const char *name, const int64_t *sizes, unsigned rank) {
    const char *kind = self->kind->name;
    bool weight = strcmp(name, "weight") == 0;
    if (self->kind->is_recurrent) return uniform(1 / sqrt((double)self->as.recurrent.hidden));
    if (strcmp(kind, "Embedding") == 0)
        return (ir_init){IR_INIT_NORMAL, 1, self->as.embedding.padding_row - 1};
    if (begins_with(name, "running_")) return constant(strcmp(name, "running_var") == 0);
    if (strstr(kind, "Norm")) return constant(weight);
    if (strcmp(kind, "PReLU") == 0) return constant(self->bound);
    /* the bias comes behind its weight, and has its bound */
    if (rank > 1) self->bound = 1 / sqrt(fan_in(sizes, rank));
    return uniform(self->bound);
}
