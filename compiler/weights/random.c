/* random: weights without a file, for trying shapes; the same on every machine. */
#include <math.h>
#include <string.h>

#include "support/random.h"
#include "weights/bind.h"

/* FNV-1a. */
static uint64_t hash(const char *s) {
    uint64_t h = 0xCBF29CE484222325;
    for (; *s; s++) h = (h ^ (unsigned char)*s) * 0x100000001B3;
    return h;
}

static bool ends_with(const char *s, const char *ending) {
    size_t length = strlen(s), tail = strlen(ending);
    return length >= tail && strcmp(s + length - tail, ending) == 0;
}

static void fill(ir_model *m, ir_param *p, uint64_t seed) {
    size_t elements = 1;
    int64_t size = 1; /* at the end: of the last dim */
    for (unsigned i = 0; i < p->type.rank; i++) {
        if (!dim_is_const(p->type.dims[i], &size) || size < 0) ice("param %s has no constant shape", p->key);
        if (__builtin_mul_overflow(elements, (size_t)size, &elements)) ice("param %s is too large", p->key);
    }
    float *data = ARENA_ARRAY(m->arena, float, elements);
    double low = -1.0 / sqrt(size > 0 ? (double)size : 1.0), high = -low;
    if (ends_with(p->key, "running_var")) { /* a variance is positive */
        low = 0.5;
        high = 1.5;
    }
    uint64_t state = seed;
    state = random_next(&state) ^ hash(p->key);
    for (size_t i = 0; i < elements; i++) {
        data[i] = (float)(low + (high - low) * random_unit(&state));
    }
    p->data = data;
}

void bind_random_weights(ir_model *const *models, size_t count, uint64_t seed) {
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < models[i]->param_count; k++) fill(models[i], &models[i]->params[k], seed);
}
