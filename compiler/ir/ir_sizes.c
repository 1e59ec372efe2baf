/* ir_sizes: dims and types at values of the run-time dims. */
#include "ir/ir.h"

typedef struct {
    const ir_model *model;
    const int64_t *dims;
} symbol_values;

static int64_t value_of_symbol(void *context, const char *symbol) {
    const symbol_values *v = context;
    for (size_t i = 0; i < v->model->symbol_count; i++)
        if (strcmp(dim_symbol_name(v->model->symbols[i]), symbol) == 0) return v->dims[i];
    ice("%s is no run-time dim of %s", symbol, v->model->name);
}

int64_t ir_dim_at(const ir_model *m, const dim *d, const int64_t *dims) {
    symbol_values v = {m, dims};
    return dim_evaluate(d, value_of_symbol, &v);
}

size_t ir_elements_at(const ir_model *m, const ir_type *type, const int64_t *dims) {
    size_t elements = 1;
    for (unsigned i = 0; i < type->rank; i++) elements *= (size_t)ir_dim_at(m, type->dims[i], dims);
    return elements;
}
