/* training: the parameters of the struct, and what optimizers keep for each. */
#include "ir/ir.h"

#include <stdlib.h>
#include <string.h>

static int by_key(const void *a, const void *b) {
    return strcmp((*(const ir_param *const *)a)->key, (*(const ir_param *const *)b)->key);
}

const ir_param **ir_living_params(arena *a, const ir_model *m, size_t *count) {
    const ir_param **all = ARENA_ARRAY(a, const ir_param *, m->param_count + 1);
    *count = 0;
    for (size_t i = 0; i < m->param_count; i++)
        if (ir_param_lives(&m->params[i])) all[(*count)++] = &m->params[i];
    if (*count) qsort(all, *count, sizeof *all, by_key);
    return all;
}

int64_t ir_param_elements(const ir_param *p) {
    int64_t count = 1;
    for (unsigned i = 0; i < p->type.rank; i++) count *= dim_max(p->type.dims[i]);
    return count;
}

void ir_place_params(ir_model *m) {
    size_t count;
    int64_t offset = 0;
    const ir_param **all = ir_living_params(m->arena, m, &count);
    for (size_t i = 0; i < count; i++) {
        m->params[all[i] - m->params].offset = offset;
        offset += ir_param_elements(all[i]);
    }
}

int64_t ir_living_floats(const ir_model *m) {
    int64_t floats = 0;
    for (size_t i = 0; i < m->param_count; i++)
        if (ir_param_lives(&m->params[i])) floats += ir_param_elements(&m->params[i]);
    return floats;
}

static unsigned moments_of(const ir_optimizer *o) {
    switch (o->rule) {
    case IR_SGD: return o->momentum > 0;
    case IR_ADAM:
    case IR_ADAMW: return o->amsgrad ? 3 : 2;
    case IR_RMSPROP: return 1u + (o->momentum > 0) + o->centered;
    }
    return 0;
}

unsigned ir_moments(const ir_training *t) {
    unsigned most = 0;
    for (size_t i = 0; i < t->optimizer_count; i++)
        if (moments_of(&t->optimizers[i]) > most) most = moments_of(&t->optimizers[i]);
    return most;
}
